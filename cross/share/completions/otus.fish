# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_otus_global_optspecs
    string join \n json v/verbose q/quiet log= h/help V/version
end

function __fish_otus_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_otus_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_otus_using_subcommand
    set -l cmd (__fish_otus_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c otus -n "__fish_otus_needs_command" -l log -d 'How the log is written to standard error' -r -f -a "text\t'Lines for people'
json\t'A line of JSON for each'"
complete -c otus -n "__fish_otus_needs_command" -l json -d 'Print for programs: JSON on standard output'
complete -c otus -n "__fish_otus_needs_command" -s v -l verbose -d 'Log more: `-v` what otus does, `-vv` every step. `OTUS_LOG` chooses finer, and counts before it'
complete -c otus -n "__fish_otus_needs_command" -s q -l quiet -d 'Log errors only'
complete -c otus -n "__fish_otus_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c otus -n "__fish_otus_needs_command" -s V -l version -d 'Print version'
complete -c otus -n "__fish_otus_needs_command" -f -a "init" -d 'Find cameras and microphones, ask a few questions, and write a pipeline file'
complete -c otus -n "__fish_otus_needs_command" -f -a "run" -d 'Run a pipeline until its files end or it is stopped'
complete -c otus -n "__fish_otus_needs_command" -f -a "check" -d 'Find everything wrong with a pipeline file, and what it names that is missing or does not fit'
complete -c otus -n "__fish_otus_needs_command" -f -a "convert" -d 'Make a pipeline file of a configuration of Frigate, and list what could not be carried over'
complete -c otus -n "__fish_otus_needs_command" -f -a "graph" -d 'Draw a pipeline'
complete -c otus -n "__fish_otus_needs_command" -f -a "schema" -d 'Print the JSON Schema of pipeline files, by which editors complete and check them'
complete -c otus -n "__fish_otus_needs_command" -f -a "devices" -d 'List cameras, microphones and inference providers, with lines for a pipeline file'
complete -c otus -n "__fish_otus_needs_command" -f -a "doctor" -d 'Measure what a pipeline stands on, and say what to do about what is wrong'
complete -c otus -n "__fish_otus_needs_command" -f -a "replay" -d 'Play recordings through a pipeline in place of its cameras and microphones, and print what it decides'
complete -c otus -n "__fish_otus_needs_command" -f -a "test" -d 'Run the tests that stand in a pipeline file'
complete -c otus -n "__fish_otus_needs_command" -f -a "events" -d 'Search the history that a pipeline keeps'
complete -c otus -n "__fish_otus_needs_command" -f -a "tap" -d 'Print the events of a running instance as they come'
complete -c otus -n "__fish_otus_needs_command" -f -a "snapshot" -d 'Save what a camera of a running instance sees'
complete -c otus -n "__fish_otus_needs_command" -f -a "verify" -d 'Check that evidence is as it was written, and name the first bundle that is not'
complete -c otus -n "__fish_otus_needs_command" -f -a "status" -d 'Ask a running instance how it is'
complete -c otus -n "__fish_otus_needs_command" -f -a "reload" -d 'Have a running instance read its pipeline file again'
complete -c otus -n "__fish_otus_needs_command" -f -a "completions" -d 'Print what a shell needs to complete commands, node types and models'
complete -c otus -n "__fish_otus_needs_command" -f -a "top" -d 'Watch a running instance; q quits'
complete -c otus -n "__fish_otus_needs_command" -f -a "nodes" -d 'Explain node types and their options'
complete -c otus -n "__fish_otus_needs_command" -f -a "models" -d 'List, fetch, convert, verify and look into models'
complete -c otus -n "__fish_otus_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c otus -n "__fish_otus_using_subcommand init" -l camera -d 'A camera, as often as there are some: `/dev/video0`, `10.0.0.7`, `user:password@10.0.0.7`, or an address in full' -r
complete -c otus -n "__fish_otus_using_subcommand init" -l microphone -d 'The microphone to hear with: `default`, or as `otus devices` calls it. Default: a camera\'s sound, if one has any' -r
complete -c otus -n "__fish_otus_using_subcommand init" -l want -d 'What is wanted: `persons`, `objects`, `words`, `pictures`, `clips`, with commas between' -r
complete -c otus -n "__fish_otus_using_subcommand init" -l tell -d 'Who is told: `console`, `jsonl`, `history`, `mqtt://HOST`, `https://…`, with commas between' -r
complete -c otus -n "__fish_otus_using_subcommand init" -l log -d 'How the log is written to standard error' -r -f -a "text\t'Lines for people'
json\t'A line of JSON for each'"
complete -c otus -n "__fish_otus_using_subcommand init" -l find -d 'Ask the cameras of this network who they are: ONVIF, one question by multicast'
complete -c otus -n "__fish_otus_using_subcommand init" -s y -l yes -d 'Ask nothing, and take what is proposed'
complete -c otus -n "__fish_otus_using_subcommand init" -l run -d 'Start it at once'
complete -c otus -n "__fish_otus_using_subcommand init" -l json -d 'Print for programs: JSON on standard output'
complete -c otus -n "__fish_otus_using_subcommand init" -s v -l verbose -d 'Log more: `-v` what otus does, `-vv` every step. `OTUS_LOG` chooses finer, and counts before it'
complete -c otus -n "__fish_otus_using_subcommand init" -s q -l quiet -d 'Log errors only'
complete -c otus -n "__fish_otus_using_subcommand init" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c otus -n "__fish_otus_using_subcommand run" -l for -d 'Stop after this time, such as `10s` or `5m`' -r
complete -c otus -n "__fish_otus_using_subcommand run" -l log -d 'How the log is written to standard error' -r -f -a "text\t'Lines for people'
json\t'A line of JSON for each'"
complete -c otus -n "__fish_otus_using_subcommand run" -l json -d 'Print for programs: JSON on standard output'
complete -c otus -n "__fish_otus_using_subcommand run" -s v -l verbose -d 'Log more: `-v` what otus does, `-vv` every step. `OTUS_LOG` chooses finer, and counts before it'
complete -c otus -n "__fish_otus_using_subcommand run" -s q -l quiet -d 'Log errors only'
complete -c otus -n "__fish_otus_using_subcommand run" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c otus -n "__fish_otus_using_subcommand check" -l log -d 'How the log is written to standard error' -r -f -a "text\t'Lines for people'
json\t'A line of JSON for each'"
complete -c otus -n "__fish_otus_using_subcommand check" -l strict -d 'Take warnings as errors'
complete -c otus -n "__fish_otus_using_subcommand check" -l json -d 'Print for programs: JSON on standard output'
complete -c otus -n "__fish_otus_using_subcommand check" -s v -l verbose -d 'Log more: `-v` what otus does, `-vv` every step. `OTUS_LOG` chooses finer, and counts before it'
complete -c otus -n "__fish_otus_using_subcommand check" -s q -l quiet -d 'Log errors only'
complete -c otus -n "__fish_otus_using_subcommand check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c otus -n "__fish_otus_using_subcommand convert" -l to -d 'The pipeline file to write. Default: of the same name, here' -r -F
complete -c otus -n "__fish_otus_using_subcommand convert" -l log -d 'How the log is written to standard error' -r -f -a "text\t'Lines for people'
json\t'A line of JSON for each'"
complete -c otus -n "__fish_otus_using_subcommand convert" -l json -d 'Print for programs: JSON on standard output'
complete -c otus -n "__fish_otus_using_subcommand convert" -s v -l verbose -d 'Log more: `-v` what otus does, `-vv` every step. `OTUS_LOG` chooses finer, and counts before it'
complete -c otus -n "__fish_otus_using_subcommand convert" -s q -l quiet -d 'Log errors only'
complete -c otus -n "__fish_otus_using_subcommand convert" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c otus -n "__fish_otus_using_subcommand graph" -l format -d 'The language to draw it in' -r -f -a "mermaid\t'For Markdown pages'
graphviz\t'For `dot`'"
complete -c otus -n "__fish_otus_using_subcommand graph" -l log -d 'How the log is written to standard error' -r -f -a "text\t'Lines for people'
json\t'A line of JSON for each'"
complete -c otus -n "__fish_otus_using_subcommand graph" -l json -d 'Print for programs: JSON on standard output'
complete -c otus -n "__fish_otus_using_subcommand graph" -s v -l verbose -d 'Log more: `-v` what otus does, `-vv` every step. `OTUS_LOG` chooses finer, and counts before it'
complete -c otus -n "__fish_otus_using_subcommand graph" -s q -l quiet -d 'Log errors only'
complete -c otus -n "__fish_otus_using_subcommand graph" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c otus -n "__fish_otus_using_subcommand schema" -l log -d 'How the log is written to standard error' -r -f -a "text\t'Lines for people'
json\t'A line of JSON for each'"
complete -c otus -n "__fish_otus_using_subcommand schema" -l json -d 'Print for programs: JSON on standard output'
complete -c otus -n "__fish_otus_using_subcommand schema" -s v -l verbose -d 'Log more: `-v` what otus does, `-vv` every step. `OTUS_LOG` chooses finer, and counts before it'
complete -c otus -n "__fish_otus_using_subcommand schema" -s q -l quiet -d 'Log errors only'
complete -c otus -n "__fish_otus_using_subcommand schema" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c otus -n "__fish_otus_using_subcommand devices" -l log -d 'How the log is written to standard error' -r -f -a "text\t'Lines for people'
json\t'A line of JSON for each'"
complete -c otus -n "__fish_otus_using_subcommand devices" -l find -d 'Ask the cameras of this network who they are too: ONVIF, one question by multicast'
complete -c otus -n "__fish_otus_using_subcommand devices" -l json -d 'Print for programs: JSON on standard output'
complete -c otus -n "__fish_otus_using_subcommand devices" -s v -l verbose -d 'Log more: `-v` what otus does, `-vv` every step. `OTUS_LOG` chooses finer, and counts before it'
complete -c otus -n "__fish_otus_using_subcommand devices" -s q -l quiet -d 'Log errors only'
complete -c otus -n "__fish_otus_using_subcommand devices" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c otus -n "__fish_otus_using_subcommand doctor" -l log -d 'How the log is written to standard error' -r -f -a "text\t'Lines for people'
json\t'A line of JSON for each'"
complete -c otus -n "__fish_otus_using_subcommand doctor" -l json -d 'Print for programs: JSON on standard output'
complete -c otus -n "__fish_otus_using_subcommand doctor" -s v -l verbose -d 'Log more: `-v` what otus does, `-vv` every step. `OTUS_LOG` chooses finer, and counts before it'
complete -c otus -n "__fish_otus_using_subcommand doctor" -s q -l quiet -d 'Log errors only'
complete -c otus -n "__fish_otus_using_subcommand doctor" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c otus -n "__fish_otus_using_subcommand replay" -l at -d 'What live sources play: folders of `record`, films, sounds or pictures; `porch=PATH` where the file has several' -r
complete -c otus -n "__fish_otus_using_subcommand replay" -l out -d 'The events go into this file. Default: to the terminal; with --against none are written' -r -F
complete -c otus -n "__fish_otus_using_subcommand replay" -l against -d 'Tell what is decided otherwise than in this file of events, which an earlier run has left' -r -F
complete -c otus -n "__fish_otus_using_subcommand replay" -l page -d 'The same as a page, with pictures' -r -F
complete -c otus -n "__fish_otus_using_subcommand replay" -l tolerance -d 'Seconds by which two events may be apart and be the same' -r
complete -c otus -n "__fish_otus_using_subcommand replay" -l log -d 'How the log is written to standard error' -r -f -a "text\t'Lines for people'
json\t'A line of JSON for each'"
complete -c otus -n "__fish_otus_using_subcommand replay" -l allow-gaps -d 'Play on where nothing was recorded for a while; a `gap` tells of it'
complete -c otus -n "__fish_otus_using_subcommand replay" -l json -d 'Print for programs: JSON on standard output'
complete -c otus -n "__fish_otus_using_subcommand replay" -s v -l verbose -d 'Log more: `-v` what otus does, `-vv` every step. `OTUS_LOG` chooses finer, and counts before it'
complete -c otus -n "__fish_otus_using_subcommand replay" -s q -l quiet -d 'Log errors only'
complete -c otus -n "__fish_otus_using_subcommand replay" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c otus -n "__fish_otus_using_subcommand test" -l junit -d 'What came of it, for machines that build and test, as JUnit XML' -r -F
complete -c otus -n "__fish_otus_using_subcommand test" -l log -d 'How the log is written to standard error' -r -f -a "text\t'Lines for people'
json\t'A line of JSON for each'"
complete -c otus -n "__fish_otus_using_subcommand test" -l json -d 'Print for programs: JSON on standard output'
complete -c otus -n "__fish_otus_using_subcommand test" -s v -l verbose -d 'Log more: `-v` what otus does, `-vv` every step. `OTUS_LOG` chooses finer, and counts before it'
complete -c otus -n "__fish_otus_using_subcommand test" -s q -l quiet -d 'Log errors only'
complete -c otus -n "__fish_otus_using_subcommand test" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c otus -n "__fish_otus_using_subcommand events" -l kind -d 'Only of this kind, such as `track`, `zone`, `transcript`, `sound` or `saved`' -r
complete -c otus -n "__fish_otus_using_subcommand events" -l label -d 'Only with this label, such as `person`' -r
complete -c otus -n "__fish_otus_using_subcommand events" -l source -d 'Only about this source' -r
complete -c otus -n "__fish_otus_using_subcommand events" -l zone -d 'Only in this zone or over this line' -r
complete -c otus -n "__fish_otus_using_subcommand events" -l since -d 'From then on: `2h` ago, `16:42`, `2026-11-29`, `2026-11-29T16:42`, or RFC 3339' -r
complete -c otus -n "__fish_otus_using_subcommand events" -l until -d 'Before then, said in the same way' -r
complete -c otus -n "__fish_otus_using_subcommand events" -l text -d 'Only with all of these words in what was said; `wor*` finds what begins so' -r
complete -c otus -n "__fish_otus_using_subcommand events" -l limit -d 'So many at most: the latest' -r
complete -c otus -n "__fish_otus_using_subcommand events" -l log -d 'How the log is written to standard error' -r -f -a "text\t'Lines for people'
json\t'A line of JSON for each'"
complete -c otus -n "__fish_otus_using_subcommand events" -l follow -d 'Go on with what comes, until interrupted'
complete -c otus -n "__fish_otus_using_subcommand events" -l json -d 'Print for programs: JSON on standard output'
complete -c otus -n "__fish_otus_using_subcommand events" -s v -l verbose -d 'Log more: `-v` what otus does, `-vv` every step. `OTUS_LOG` chooses finer, and counts before it'
complete -c otus -n "__fish_otus_using_subcommand events" -s q -l quiet -d 'Log errors only'
complete -c otus -n "__fish_otus_using_subcommand events" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c otus -n "__fish_otus_using_subcommand tap" -l url -d 'Where the instance listens' -r
complete -c otus -n "__fish_otus_using_subcommand tap" -l socket -d 'The Unix socket that it listens on' -r -F
complete -c otus -n "__fish_otus_using_subcommand tap" -l token-file -d 'The file with the token that it asks for' -r -F
complete -c otus -n "__fish_otus_using_subcommand tap" -l ca -d 'The certificate to trust, as PEM, if no authority that this machine knows vouches for it' -r -F
complete -c otus -n "__fish_otus_using_subcommand tap" -l kind -d 'Only of this kind, such as `detection` or `transcript`' -r
complete -c otus -n "__fish_otus_using_subcommand tap" -l node -d 'Only by this node' -r
complete -c otus -n "__fish_otus_using_subcommand tap" -l source -d 'Only about this source' -r
complete -c otus -n "__fish_otus_using_subcommand tap" -l where -d 'Only if this condition holds of it, in CEL as in `filter`: `objects.exists(it, it.score > 0.6)`' -r
complete -c otus -n "__fish_otus_using_subcommand tap" -l count -d 'Stop after so many' -r
complete -c otus -n "__fish_otus_using_subcommand tap" -l log -d 'How the log is written to standard error' -r -f -a "text\t'Lines for people'
json\t'A line of JSON for each'"
complete -c otus -n "__fish_otus_using_subcommand tap" -l json -d 'Print for programs: JSON on standard output'
complete -c otus -n "__fish_otus_using_subcommand tap" -s v -l verbose -d 'Log more: `-v` what otus does, `-vv` every step. `OTUS_LOG` chooses finer, and counts before it'
complete -c otus -n "__fish_otus_using_subcommand tap" -s q -l quiet -d 'Log errors only'
complete -c otus -n "__fish_otus_using_subcommand tap" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c otus -n "__fish_otus_using_subcommand snapshot" -l url -d 'Where the instance listens' -r
complete -c otus -n "__fish_otus_using_subcommand snapshot" -l socket -d 'The Unix socket that it listens on' -r -F
complete -c otus -n "__fish_otus_using_subcommand snapshot" -l token-file -d 'The file with the token that it asks for' -r -F
complete -c otus -n "__fish_otus_using_subcommand snapshot" -l ca -d 'The certificate to trust, as PEM, if no authority that this machine knows vouches for it' -r -F
complete -c otus -n "__fish_otus_using_subcommand snapshot" -l to -d 'Where to put it; `-` is standard output. Default: named after camera and time' -r -F
complete -c otus -n "__fish_otus_using_subcommand snapshot" -l log -d 'How the log is written to standard error' -r -f -a "text\t'Lines for people'
json\t'A line of JSON for each'"
complete -c otus -n "__fish_otus_using_subcommand snapshot" -l json -d 'Print for programs: JSON on standard output'
complete -c otus -n "__fish_otus_using_subcommand snapshot" -s v -l verbose -d 'Log more: `-v` what otus does, `-vv` every step. `OTUS_LOG` chooses finer, and counts before it'
complete -c otus -n "__fish_otus_using_subcommand snapshot" -s q -l quiet -d 'Log errors only'
complete -c otus -n "__fish_otus_using_subcommand snapshot" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c otus -n "__fish_otus_using_subcommand verify" -l key -d 'A public key that is trusted: every bundle must be signed by one of these' -r -F
complete -c otus -n "__fish_otus_using_subcommand verify" -l log -d 'How the log is written to standard error' -r -f -a "text\t'Lines for people'
json\t'A line of JSON for each'"
complete -c otus -n "__fish_otus_using_subcommand verify" -l json -d 'Print for programs: JSON on standard output'
complete -c otus -n "__fish_otus_using_subcommand verify" -s v -l verbose -d 'Log more: `-v` what otus does, `-vv` every step. `OTUS_LOG` chooses finer, and counts before it'
complete -c otus -n "__fish_otus_using_subcommand verify" -s q -l quiet -d 'Log errors only'
complete -c otus -n "__fish_otus_using_subcommand verify" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c otus -n "__fish_otus_using_subcommand status" -l url -d 'Where the instance listens' -r
complete -c otus -n "__fish_otus_using_subcommand status" -l socket -d 'The Unix socket that it listens on' -r -F
complete -c otus -n "__fish_otus_using_subcommand status" -l token-file -d 'The file with the token that it asks for' -r -F
complete -c otus -n "__fish_otus_using_subcommand status" -l ca -d 'The certificate to trust, as PEM, if no authority that this machine knows vouches for it' -r -F
complete -c otus -n "__fish_otus_using_subcommand status" -l log -d 'How the log is written to standard error' -r -f -a "text\t'Lines for people'
json\t'A line of JSON for each'"
complete -c otus -n "__fish_otus_using_subcommand status" -l json -d 'Print for programs: JSON on standard output'
complete -c otus -n "__fish_otus_using_subcommand status" -s v -l verbose -d 'Log more: `-v` what otus does, `-vv` every step. `OTUS_LOG` chooses finer, and counts before it'
complete -c otus -n "__fish_otus_using_subcommand status" -s q -l quiet -d 'Log errors only'
complete -c otus -n "__fish_otus_using_subcommand status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c otus -n "__fish_otus_using_subcommand reload" -l url -d 'Where the instance listens' -r
complete -c otus -n "__fish_otus_using_subcommand reload" -l socket -d 'The Unix socket that it listens on' -r -F
complete -c otus -n "__fish_otus_using_subcommand reload" -l token-file -d 'The file with the token that it asks for' -r -F
complete -c otus -n "__fish_otus_using_subcommand reload" -l ca -d 'The certificate to trust, as PEM, if no authority that this machine knows vouches for it' -r -F
complete -c otus -n "__fish_otus_using_subcommand reload" -l log -d 'How the log is written to standard error' -r -f -a "text\t'Lines for people'
json\t'A line of JSON for each'"
complete -c otus -n "__fish_otus_using_subcommand reload" -l json -d 'Print for programs: JSON on standard output'
complete -c otus -n "__fish_otus_using_subcommand reload" -s v -l verbose -d 'Log more: `-v` what otus does, `-vv` every step. `OTUS_LOG` chooses finer, and counts before it'
complete -c otus -n "__fish_otus_using_subcommand reload" -s q -l quiet -d 'Log errors only'
complete -c otus -n "__fish_otus_using_subcommand reload" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c otus -n "__fish_otus_using_subcommand completions" -l log -d 'How the log is written to standard error' -r -f -a "text\t'Lines for people'
json\t'A line of JSON for each'"
complete -c otus -n "__fish_otus_using_subcommand completions" -l json -d 'Print for programs: JSON on standard output'
complete -c otus -n "__fish_otus_using_subcommand completions" -s v -l verbose -d 'Log more: `-v` what otus does, `-vv` every step. `OTUS_LOG` chooses finer, and counts before it'
complete -c otus -n "__fish_otus_using_subcommand completions" -s q -l quiet -d 'Log errors only'
complete -c otus -n "__fish_otus_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c otus -n "__fish_otus_using_subcommand top" -l url -d 'Where the instance listens' -r
complete -c otus -n "__fish_otus_using_subcommand top" -l socket -d 'The Unix socket that it listens on' -r -F
complete -c otus -n "__fish_otus_using_subcommand top" -l token-file -d 'The file with the token that it asks for' -r -F
complete -c otus -n "__fish_otus_using_subcommand top" -l ca -d 'The certificate to trust, as PEM, if no authority that this machine knows vouches for it' -r -F
complete -c otus -n "__fish_otus_using_subcommand top" -l log -d 'How the log is written to standard error' -r -f -a "text\t'Lines for people'
json\t'A line of JSON for each'"
complete -c otus -n "__fish_otus_using_subcommand top" -l json -d 'Print for programs: JSON on standard output'
complete -c otus -n "__fish_otus_using_subcommand top" -s v -l verbose -d 'Log more: `-v` what otus does, `-vv` every step. `OTUS_LOG` chooses finer, and counts before it'
complete -c otus -n "__fish_otus_using_subcommand top" -s q -l quiet -d 'Log errors only'
complete -c otus -n "__fish_otus_using_subcommand top" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c otus -n "__fish_otus_using_subcommand nodes" -l log -d 'How the log is written to standard error' -r -f -a "text\t'Lines for people'
json\t'A line of JSON for each'"
complete -c otus -n "__fish_otus_using_subcommand nodes" -l json -d 'Print for programs: JSON on standard output'
complete -c otus -n "__fish_otus_using_subcommand nodes" -s v -l verbose -d 'Log more: `-v` what otus does, `-vv` every step. `OTUS_LOG` chooses finer, and counts before it'
complete -c otus -n "__fish_otus_using_subcommand nodes" -s q -l quiet -d 'Log errors only'
complete -c otus -n "__fish_otus_using_subcommand nodes" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c otus -n "__fish_otus_using_subcommand models; and not __fish_seen_subcommand_from list import inspect pull verify help" -l log -d 'How the log is written to standard error' -r -f -a "text\t'Lines for people'
json\t'A line of JSON for each'"
complete -c otus -n "__fish_otus_using_subcommand models; and not __fish_seen_subcommand_from list import inspect pull verify help" -l json -d 'Print for programs: JSON on standard output'
complete -c otus -n "__fish_otus_using_subcommand models; and not __fish_seen_subcommand_from list import inspect pull verify help" -s v -l verbose -d 'Log more: `-v` what otus does, `-vv` every step. `OTUS_LOG` chooses finer, and counts before it'
complete -c otus -n "__fish_otus_using_subcommand models; and not __fish_seen_subcommand_from list import inspect pull verify help" -s q -l quiet -d 'Log errors only'
complete -c otus -n "__fish_otus_using_subcommand models; and not __fish_seen_subcommand_from list import inspect pull verify help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c otus -n "__fish_otus_using_subcommand models; and not __fish_seen_subcommand_from list import inspect pull verify help" -f -a "list" -d 'List the models that otus knows by name'
complete -c otus -n "__fish_otus_using_subcommand models; and not __fish_seen_subcommand_from list import inspect pull verify help" -f -a "import" -d 'Make an ONNX file of a TensorFlow Lite model, once'
complete -c otus -n "__fish_otus_using_subcommand models; and not __fish_seen_subcommand_from list import inspect pull verify help" -f -a "inspect" -d 'Tell what a model that finds objects is taken for, and draw what it finds in a picture'
complete -c otus -n "__fish_otus_using_subcommand models; and not __fish_seen_subcommand_from list import inspect pull verify help" -f -a "pull" -d 'Fetch models, and the ONNX Runtime library, into the cache'
complete -c otus -n "__fish_otus_using_subcommand models; and not __fish_seen_subcommand_from list import inspect pull verify help" -f -a "verify" -d 'Compute the sums of the models that are here'
complete -c otus -n "__fish_otus_using_subcommand models; and not __fish_seen_subcommand_from list import inspect pull verify help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c otus -n "__fish_otus_using_subcommand models; and __fish_seen_subcommand_from list" -l log -d 'How the log is written to standard error' -r -f -a "text\t'Lines for people'
json\t'A line of JSON for each'"
complete -c otus -n "__fish_otus_using_subcommand models; and __fish_seen_subcommand_from list" -l json -d 'Print for programs: JSON on standard output'
complete -c otus -n "__fish_otus_using_subcommand models; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Log more: `-v` what otus does, `-vv` every step. `OTUS_LOG` chooses finer, and counts before it'
complete -c otus -n "__fish_otus_using_subcommand models; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Log errors only'
complete -c otus -n "__fish_otus_using_subcommand models; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c otus -n "__fish_otus_using_subcommand models; and __fish_seen_subcommand_from import" -l to -d 'The ONNX file; beside the other one if left out' -r -F
complete -c otus -n "__fish_otus_using_subcommand models; and __fish_seen_subcommand_from import" -l log -d 'How the log is written to standard error' -r -f -a "text\t'Lines for people'
json\t'A line of JSON for each'"
complete -c otus -n "__fish_otus_using_subcommand models; and __fish_seen_subcommand_from import" -l json -d 'Print for programs: JSON on standard output'
complete -c otus -n "__fish_otus_using_subcommand models; and __fish_seen_subcommand_from import" -s v -l verbose -d 'Log more: `-v` what otus does, `-vv` every step. `OTUS_LOG` chooses finer, and counts before it'
complete -c otus -n "__fish_otus_using_subcommand models; and __fish_seen_subcommand_from import" -s q -l quiet -d 'Log errors only'
complete -c otus -n "__fish_otus_using_subcommand models; and __fish_seen_subcommand_from import" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c otus -n "__fish_otus_using_subcommand models; and __fish_seen_subcommand_from inspect" -l picture -d 'A picture to find objects in' -r -F
complete -c otus -n "__fish_otus_using_subcommand models; and __fish_seen_subcommand_from inspect" -l to -d 'Where to put the picture with its boxes. Default: beside it, as `NAME.boxes.jpg`' -r -F
complete -c otus -n "__fish_otus_using_subcommand models; and __fish_seen_subcommand_from inspect" -l family -d 'As the option of `detect`' -r
complete -c otus -n "__fish_otus_using_subcommand models; and __fish_seen_subcommand_from inspect" -l classes -d 'As the option of `detect`: names with commas between them, or `coco`' -r
complete -c otus -n "__fish_otus_using_subcommand models; and __fish_seen_subcommand_from inspect" -l size -d 'As the option of `detect`: WIDTHxHEIGHT' -r
complete -c otus -n "__fish_otus_using_subcommand models; and __fish_seen_subcommand_from inspect" -l log -d 'How the log is written to standard error' -r -f -a "text\t'Lines for people'
json\t'A line of JSON for each'"
complete -c otus -n "__fish_otus_using_subcommand models; and __fish_seen_subcommand_from inspect" -l json -d 'Print for programs: JSON on standard output'
complete -c otus -n "__fish_otus_using_subcommand models; and __fish_seen_subcommand_from inspect" -s v -l verbose -d 'Log more: `-v` what otus does, `-vv` every step. `OTUS_LOG` chooses finer, and counts before it'
complete -c otus -n "__fish_otus_using_subcommand models; and __fish_seen_subcommand_from inspect" -s q -l quiet -d 'Log errors only'
complete -c otus -n "__fish_otus_using_subcommand models; and __fish_seen_subcommand_from inspect" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c otus -n "__fish_otus_using_subcommand models; and __fish_seen_subcommand_from pull" -l log -d 'How the log is written to standard error' -r -f -a "text\t'Lines for people'
json\t'A line of JSON for each'"
complete -c otus -n "__fish_otus_using_subcommand models; and __fish_seen_subcommand_from pull" -l json -d 'Print for programs: JSON on standard output'
complete -c otus -n "__fish_otus_using_subcommand models; and __fish_seen_subcommand_from pull" -s v -l verbose -d 'Log more: `-v` what otus does, `-vv` every step. `OTUS_LOG` chooses finer, and counts before it'
complete -c otus -n "__fish_otus_using_subcommand models; and __fish_seen_subcommand_from pull" -s q -l quiet -d 'Log errors only'
complete -c otus -n "__fish_otus_using_subcommand models; and __fish_seen_subcommand_from pull" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c otus -n "__fish_otus_using_subcommand models; and __fish_seen_subcommand_from verify" -l log -d 'How the log is written to standard error' -r -f -a "text\t'Lines for people'
json\t'A line of JSON for each'"
complete -c otus -n "__fish_otus_using_subcommand models; and __fish_seen_subcommand_from verify" -l json -d 'Print for programs: JSON on standard output'
complete -c otus -n "__fish_otus_using_subcommand models; and __fish_seen_subcommand_from verify" -s v -l verbose -d 'Log more: `-v` what otus does, `-vv` every step. `OTUS_LOG` chooses finer, and counts before it'
complete -c otus -n "__fish_otus_using_subcommand models; and __fish_seen_subcommand_from verify" -s q -l quiet -d 'Log errors only'
complete -c otus -n "__fish_otus_using_subcommand models; and __fish_seen_subcommand_from verify" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c otus -n "__fish_otus_using_subcommand models; and __fish_seen_subcommand_from help" -f -a "list" -d 'List the models that otus knows by name'
complete -c otus -n "__fish_otus_using_subcommand models; and __fish_seen_subcommand_from help" -f -a "import" -d 'Make an ONNX file of a TensorFlow Lite model, once'
complete -c otus -n "__fish_otus_using_subcommand models; and __fish_seen_subcommand_from help" -f -a "inspect" -d 'Tell what a model that finds objects is taken for, and draw what it finds in a picture'
complete -c otus -n "__fish_otus_using_subcommand models; and __fish_seen_subcommand_from help" -f -a "pull" -d 'Fetch models, and the ONNX Runtime library, into the cache'
complete -c otus -n "__fish_otus_using_subcommand models; and __fish_seen_subcommand_from help" -f -a "verify" -d 'Compute the sums of the models that are here'
complete -c otus -n "__fish_otus_using_subcommand models; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c otus -n "__fish_otus_using_subcommand help; and not __fish_seen_subcommand_from init run check convert graph schema devices doctor replay test events tap snapshot verify status reload completions top nodes models help" -f -a "init" -d 'Find cameras and microphones, ask a few questions, and write a pipeline file'
complete -c otus -n "__fish_otus_using_subcommand help; and not __fish_seen_subcommand_from init run check convert graph schema devices doctor replay test events tap snapshot verify status reload completions top nodes models help" -f -a "run" -d 'Run a pipeline until its files end or it is stopped'
complete -c otus -n "__fish_otus_using_subcommand help; and not __fish_seen_subcommand_from init run check convert graph schema devices doctor replay test events tap snapshot verify status reload completions top nodes models help" -f -a "check" -d 'Find everything wrong with a pipeline file, and what it names that is missing or does not fit'
complete -c otus -n "__fish_otus_using_subcommand help; and not __fish_seen_subcommand_from init run check convert graph schema devices doctor replay test events tap snapshot verify status reload completions top nodes models help" -f -a "convert" -d 'Make a pipeline file of a configuration of Frigate, and list what could not be carried over'
complete -c otus -n "__fish_otus_using_subcommand help; and not __fish_seen_subcommand_from init run check convert graph schema devices doctor replay test events tap snapshot verify status reload completions top nodes models help" -f -a "graph" -d 'Draw a pipeline'
complete -c otus -n "__fish_otus_using_subcommand help; and not __fish_seen_subcommand_from init run check convert graph schema devices doctor replay test events tap snapshot verify status reload completions top nodes models help" -f -a "schema" -d 'Print the JSON Schema of pipeline files, by which editors complete and check them'
complete -c otus -n "__fish_otus_using_subcommand help; and not __fish_seen_subcommand_from init run check convert graph schema devices doctor replay test events tap snapshot verify status reload completions top nodes models help" -f -a "devices" -d 'List cameras, microphones and inference providers, with lines for a pipeline file'
complete -c otus -n "__fish_otus_using_subcommand help; and not __fish_seen_subcommand_from init run check convert graph schema devices doctor replay test events tap snapshot verify status reload completions top nodes models help" -f -a "doctor" -d 'Measure what a pipeline stands on, and say what to do about what is wrong'
complete -c otus -n "__fish_otus_using_subcommand help; and not __fish_seen_subcommand_from init run check convert graph schema devices doctor replay test events tap snapshot verify status reload completions top nodes models help" -f -a "replay" -d 'Play recordings through a pipeline in place of its cameras and microphones, and print what it decides'
complete -c otus -n "__fish_otus_using_subcommand help; and not __fish_seen_subcommand_from init run check convert graph schema devices doctor replay test events tap snapshot verify status reload completions top nodes models help" -f -a "test" -d 'Run the tests that stand in a pipeline file'
complete -c otus -n "__fish_otus_using_subcommand help; and not __fish_seen_subcommand_from init run check convert graph schema devices doctor replay test events tap snapshot verify status reload completions top nodes models help" -f -a "events" -d 'Search the history that a pipeline keeps'
complete -c otus -n "__fish_otus_using_subcommand help; and not __fish_seen_subcommand_from init run check convert graph schema devices doctor replay test events tap snapshot verify status reload completions top nodes models help" -f -a "tap" -d 'Print the events of a running instance as they come'
complete -c otus -n "__fish_otus_using_subcommand help; and not __fish_seen_subcommand_from init run check convert graph schema devices doctor replay test events tap snapshot verify status reload completions top nodes models help" -f -a "snapshot" -d 'Save what a camera of a running instance sees'
complete -c otus -n "__fish_otus_using_subcommand help; and not __fish_seen_subcommand_from init run check convert graph schema devices doctor replay test events tap snapshot verify status reload completions top nodes models help" -f -a "verify" -d 'Check that evidence is as it was written, and name the first bundle that is not'
complete -c otus -n "__fish_otus_using_subcommand help; and not __fish_seen_subcommand_from init run check convert graph schema devices doctor replay test events tap snapshot verify status reload completions top nodes models help" -f -a "status" -d 'Ask a running instance how it is'
complete -c otus -n "__fish_otus_using_subcommand help; and not __fish_seen_subcommand_from init run check convert graph schema devices doctor replay test events tap snapshot verify status reload completions top nodes models help" -f -a "reload" -d 'Have a running instance read its pipeline file again'
complete -c otus -n "__fish_otus_using_subcommand help; and not __fish_seen_subcommand_from init run check convert graph schema devices doctor replay test events tap snapshot verify status reload completions top nodes models help" -f -a "completions" -d 'Print what a shell needs to complete commands, node types and models'
complete -c otus -n "__fish_otus_using_subcommand help; and not __fish_seen_subcommand_from init run check convert graph schema devices doctor replay test events tap snapshot verify status reload completions top nodes models help" -f -a "top" -d 'Watch a running instance; q quits'
complete -c otus -n "__fish_otus_using_subcommand help; and not __fish_seen_subcommand_from init run check convert graph schema devices doctor replay test events tap snapshot verify status reload completions top nodes models help" -f -a "nodes" -d 'Explain node types and their options'
complete -c otus -n "__fish_otus_using_subcommand help; and not __fish_seen_subcommand_from init run check convert graph schema devices doctor replay test events tap snapshot verify status reload completions top nodes models help" -f -a "models" -d 'List, fetch, convert, verify and look into models'
complete -c otus -n "__fish_otus_using_subcommand help; and not __fish_seen_subcommand_from init run check convert graph schema devices doctor replay test events tap snapshot verify status reload completions top nodes models help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c otus -n "__fish_otus_using_subcommand help; and __fish_seen_subcommand_from models" -f -a "list" -d 'List the models that otus knows by name'
complete -c otus -n "__fish_otus_using_subcommand help; and __fish_seen_subcommand_from models" -f -a "import" -d 'Make an ONNX file of a TensorFlow Lite model, once'
complete -c otus -n "__fish_otus_using_subcommand help; and __fish_seen_subcommand_from models" -f -a "inspect" -d 'Tell what a model that finds objects is taken for, and draw what it finds in a picture'
complete -c otus -n "__fish_otus_using_subcommand help; and __fish_seen_subcommand_from models" -f -a "pull" -d 'Fetch models, and the ONNX Runtime library, into the cache'
complete -c otus -n "__fish_otus_using_subcommand help; and __fish_seen_subcommand_from models" -f -a "verify" -d 'Compute the sums of the models that are here'
