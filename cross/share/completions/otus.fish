complete --keep-order --exclusive --command otus --arguments "(OTUS_COMPLETE=fish otus -- (commandline --current-process --tokenize --cut-at-cursor) (commandline --current-token))"
