# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_otus_global_optspecs
    string join \n json h/help V/version
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

complete -c otus -n "__fish_otus_needs_command" -l json -d 'Print for programs: JSON on standard output'
complete -c otus -n "__fish_otus_needs_command" -s h -l help -d 'Print help'
complete -c otus -n "__fish_otus_needs_command" -s V -l version -d 'Print version'
complete -c otus -n "__fish_otus_needs_command" -f -a "run" -d 'Run a pipeline until its files end or it is stopped'
complete -c otus -n "__fish_otus_needs_command" -f -a "check" -d 'Find everything wrong with a pipeline file, and what it names that is missing or does not fit'
complete -c otus -n "__fish_otus_needs_command" -f -a "graph" -d 'Draw a pipeline'
complete -c otus -n "__fish_otus_needs_command" -f -a "nodes" -d 'Explain node types and their options'
complete -c otus -n "__fish_otus_needs_command" -f -a "schema" -d 'Print the JSON Schema of pipeline files, by which editors complete and check them'
complete -c otus -n "__fish_otus_needs_command" -f -a "models" -d 'List, fetch, convert, verify and look into models'
complete -c otus -n "__fish_otus_needs_command" -f -a "devices" -d 'List cameras, microphones and inference providers'
complete -c otus -n "__fish_otus_needs_command" -f -a "doctor" -d 'Measure what a pipeline stands on, and say what to do about what is wrong'
complete -c otus -n "__fish_otus_needs_command" -f -a "replay" -d 'Play recordings through a pipeline in place of its cameras and microphones, and print what it decides'
complete -c otus -n "__fish_otus_needs_command" -f -a "test" -d 'Run the tests that stand in a pipeline file'
complete -c otus -n "__fish_otus_needs_command" -f -a "events" -d 'Search the history that a pipeline keeps'
complete -c otus -n "__fish_otus_needs_command" -f -a "verify" -d 'Check that evidence is as it was written, and name the first bundle that is not'
complete -c otus -n "__fish_otus_needs_command" -f -a "status" -d 'Ask a running instance how it is'
complete -c otus -n "__fish_otus_needs_command" -f -a "reload" -d 'Have a running instance read its pipeline file again'
complete -c otus -n "__fish_otus_needs_command" -f -a "top" -d 'Watch a running instance; q quits'
complete -c otus -n "__fish_otus_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c otus -n "__fish_otus_using_subcommand run" -l for -d 'Stop after this time, such as `10s` or `5m`' -r
complete -c otus -n "__fish_otus_using_subcommand run" -l json -d 'Print for programs: JSON on standard output'
complete -c otus -n "__fish_otus_using_subcommand run" -s h -l help -d 'Print help'
complete -c otus -n "__fish_otus_using_subcommand check" -l strict -d 'Take warnings as errors'
complete -c otus -n "__fish_otus_using_subcommand check" -l json -d 'Print for programs: JSON on standard output'
complete -c otus -n "__fish_otus_using_subcommand check" -s h -l help -d 'Print help'
complete -c otus -n "__fish_otus_using_subcommand graph" -l format -d 'The language to draw it in' -r -f -a "mermaid\t'For Markdown pages'
graphviz\t'For `dot`'"
complete -c otus -n "__fish_otus_using_subcommand graph" -l json -d 'Print for programs: JSON on standard output'
complete -c otus -n "__fish_otus_using_subcommand graph" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c otus -n "__fish_otus_using_subcommand nodes" -l json -d 'Print for programs: JSON on standard output'
complete -c otus -n "__fish_otus_using_subcommand nodes" -s h -l help -d 'Print help'
complete -c otus -n "__fish_otus_using_subcommand schema" -l json -d 'Print for programs: JSON on standard output'
complete -c otus -n "__fish_otus_using_subcommand schema" -s h -l help -d 'Print help'
complete -c otus -n "__fish_otus_using_subcommand models; and not __fish_seen_subcommand_from list pull import verify inspect help" -l json -d 'Print for programs: JSON on standard output'
complete -c otus -n "__fish_otus_using_subcommand models; and not __fish_seen_subcommand_from list pull import verify inspect help" -s h -l help -d 'Print help'
complete -c otus -n "__fish_otus_using_subcommand models; and not __fish_seen_subcommand_from list pull import verify inspect help" -f -a "list" -d 'List the models that otus knows by name'
complete -c otus -n "__fish_otus_using_subcommand models; and not __fish_seen_subcommand_from list pull import verify inspect help" -f -a "pull" -d 'Fetch models, and the ONNX Runtime library, into the cache'
complete -c otus -n "__fish_otus_using_subcommand models; and not __fish_seen_subcommand_from list pull import verify inspect help" -f -a "import" -d 'Make an ONNX file of a TensorFlow Lite model, once'
complete -c otus -n "__fish_otus_using_subcommand models; and not __fish_seen_subcommand_from list pull import verify inspect help" -f -a "verify" -d 'Compute the sums of the models that are here'
complete -c otus -n "__fish_otus_using_subcommand models; and not __fish_seen_subcommand_from list pull import verify inspect help" -f -a "inspect" -d 'Tell what a model that finds objects is taken for, and draw what it finds in a picture'
complete -c otus -n "__fish_otus_using_subcommand models; and not __fish_seen_subcommand_from list pull import verify inspect help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c otus -n "__fish_otus_using_subcommand models; and __fish_seen_subcommand_from list" -l json -d 'Print for programs: JSON on standard output'
complete -c otus -n "__fish_otus_using_subcommand models; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c otus -n "__fish_otus_using_subcommand models; and __fish_seen_subcommand_from pull" -l json -d 'Print for programs: JSON on standard output'
complete -c otus -n "__fish_otus_using_subcommand models; and __fish_seen_subcommand_from pull" -s h -l help -d 'Print help'
complete -c otus -n "__fish_otus_using_subcommand models; and __fish_seen_subcommand_from import" -l to -d 'The ONNX file; beside the other one if left out' -r -F
complete -c otus -n "__fish_otus_using_subcommand models; and __fish_seen_subcommand_from import" -l json -d 'Print for programs: JSON on standard output'
complete -c otus -n "__fish_otus_using_subcommand models; and __fish_seen_subcommand_from import" -s h -l help -d 'Print help'
complete -c otus -n "__fish_otus_using_subcommand models; and __fish_seen_subcommand_from verify" -l json -d 'Print for programs: JSON on standard output'
complete -c otus -n "__fish_otus_using_subcommand models; and __fish_seen_subcommand_from verify" -s h -l help -d 'Print help'
complete -c otus -n "__fish_otus_using_subcommand models; and __fish_seen_subcommand_from inspect" -l picture -d 'A picture to find objects in' -r -F
complete -c otus -n "__fish_otus_using_subcommand models; and __fish_seen_subcommand_from inspect" -l to -d 'Where to put the picture with its boxes. Default: beside it, as `NAME.boxes.jpg`' -r -F
complete -c otus -n "__fish_otus_using_subcommand models; and __fish_seen_subcommand_from inspect" -l family -d 'As the option of `detect`' -r
complete -c otus -n "__fish_otus_using_subcommand models; and __fish_seen_subcommand_from inspect" -l classes -d 'As the option of `detect`: names with commas between them, or `coco`' -r
complete -c otus -n "__fish_otus_using_subcommand models; and __fish_seen_subcommand_from inspect" -l size -d 'As the option of `detect`: WIDTHxHEIGHT' -r
complete -c otus -n "__fish_otus_using_subcommand models; and __fish_seen_subcommand_from inspect" -l json -d 'Print for programs: JSON on standard output'
complete -c otus -n "__fish_otus_using_subcommand models; and __fish_seen_subcommand_from inspect" -s h -l help -d 'Print help'
complete -c otus -n "__fish_otus_using_subcommand models; and __fish_seen_subcommand_from help" -f -a "list" -d 'List the models that otus knows by name'
complete -c otus -n "__fish_otus_using_subcommand models; and __fish_seen_subcommand_from help" -f -a "pull" -d 'Fetch models, and the ONNX Runtime library, into the cache'
complete -c otus -n "__fish_otus_using_subcommand models; and __fish_seen_subcommand_from help" -f -a "import" -d 'Make an ONNX file of a TensorFlow Lite model, once'
complete -c otus -n "__fish_otus_using_subcommand models; and __fish_seen_subcommand_from help" -f -a "verify" -d 'Compute the sums of the models that are here'
complete -c otus -n "__fish_otus_using_subcommand models; and __fish_seen_subcommand_from help" -f -a "inspect" -d 'Tell what a model that finds objects is taken for, and draw what it finds in a picture'
complete -c otus -n "__fish_otus_using_subcommand models; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c otus -n "__fish_otus_using_subcommand devices" -l json -d 'Print for programs: JSON on standard output'
complete -c otus -n "__fish_otus_using_subcommand devices" -s h -l help -d 'Print help'
complete -c otus -n "__fish_otus_using_subcommand doctor" -l json -d 'Print for programs: JSON on standard output'
complete -c otus -n "__fish_otus_using_subcommand doctor" -s h -l help -d 'Print help'
complete -c otus -n "__fish_otus_using_subcommand replay" -l at -d 'What live sources play: folders of `record`, films, sounds or pictures; `porch=PATH` where the file has several' -r
complete -c otus -n "__fish_otus_using_subcommand replay" -l out -d 'The events go into this file. Default: to the terminal; with --against none are written' -r -F
complete -c otus -n "__fish_otus_using_subcommand replay" -l against -d 'Tell what is decided otherwise than in this file of events, which an earlier run has left' -r -F
complete -c otus -n "__fish_otus_using_subcommand replay" -l page -d 'The same as a page, with pictures' -r -F
complete -c otus -n "__fish_otus_using_subcommand replay" -l tolerance -d 'Seconds by which two events may be apart and be the same' -r
complete -c otus -n "__fish_otus_using_subcommand replay" -l allow-gaps -d 'Play on where nothing was recorded for a while; a `gap` tells of it'
complete -c otus -n "__fish_otus_using_subcommand replay" -l json -d 'Print for programs: JSON on standard output'
complete -c otus -n "__fish_otus_using_subcommand replay" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c otus -n "__fish_otus_using_subcommand test" -l junit -d 'What came of it, for machines that build and test, as JUnit XML' -r -F
complete -c otus -n "__fish_otus_using_subcommand test" -l json -d 'Print for programs: JSON on standard output'
complete -c otus -n "__fish_otus_using_subcommand test" -s h -l help -d 'Print help'
complete -c otus -n "__fish_otus_using_subcommand events" -l kind -d 'Only of this kind, such as `track`, `zone`, `transcript`, `sound` or `saved`' -r
complete -c otus -n "__fish_otus_using_subcommand events" -l label -d 'Only with this label, such as `person`' -r
complete -c otus -n "__fish_otus_using_subcommand events" -l source -d 'Only about this source' -r
complete -c otus -n "__fish_otus_using_subcommand events" -l zone -d 'Only in this zone or over this line' -r
complete -c otus -n "__fish_otus_using_subcommand events" -l since -d 'From then on: `2h` ago, `16:42`, `2026-11-29`, `2026-11-29T16:42`, or RFC 3339' -r
complete -c otus -n "__fish_otus_using_subcommand events" -l until -d 'Before then, said in the same way' -r
complete -c otus -n "__fish_otus_using_subcommand events" -l text -d 'Only with all of these words in what was said; `wor*` finds what begins so' -r
complete -c otus -n "__fish_otus_using_subcommand events" -l limit -d 'So many at most: the latest' -r
complete -c otus -n "__fish_otus_using_subcommand events" -l follow -d 'Go on with what comes, until interrupted'
complete -c otus -n "__fish_otus_using_subcommand events" -l json -d 'Print for programs: JSON on standard output'
complete -c otus -n "__fish_otus_using_subcommand events" -s h -l help -d 'Print help'
complete -c otus -n "__fish_otus_using_subcommand verify" -l key -d 'A public key that is trusted: every bundle must be signed by one of these' -r -F
complete -c otus -n "__fish_otus_using_subcommand verify" -l json -d 'Print for programs: JSON on standard output'
complete -c otus -n "__fish_otus_using_subcommand verify" -s h -l help -d 'Print help'
complete -c otus -n "__fish_otus_using_subcommand status" -l url -d 'Where the instance listens' -r
complete -c otus -n "__fish_otus_using_subcommand status" -l socket -d 'The Unix socket that it listens on' -r -F
complete -c otus -n "__fish_otus_using_subcommand status" -l token-file -d 'The file with the token that it asks for' -r -F
complete -c otus -n "__fish_otus_using_subcommand status" -l ca -d 'The certificate to trust, as PEM, if no authority that this machine knows vouches for it' -r -F
complete -c otus -n "__fish_otus_using_subcommand status" -l json -d 'Print for programs: JSON on standard output'
complete -c otus -n "__fish_otus_using_subcommand status" -s h -l help -d 'Print help'
complete -c otus -n "__fish_otus_using_subcommand reload" -l url -d 'Where the instance listens' -r
complete -c otus -n "__fish_otus_using_subcommand reload" -l socket -d 'The Unix socket that it listens on' -r -F
complete -c otus -n "__fish_otus_using_subcommand reload" -l token-file -d 'The file with the token that it asks for' -r -F
complete -c otus -n "__fish_otus_using_subcommand reload" -l ca -d 'The certificate to trust, as PEM, if no authority that this machine knows vouches for it' -r -F
complete -c otus -n "__fish_otus_using_subcommand reload" -l json -d 'Print for programs: JSON on standard output'
complete -c otus -n "__fish_otus_using_subcommand reload" -s h -l help -d 'Print help'
complete -c otus -n "__fish_otus_using_subcommand top" -l url -d 'Where the instance listens' -r
complete -c otus -n "__fish_otus_using_subcommand top" -l socket -d 'The Unix socket that it listens on' -r -F
complete -c otus -n "__fish_otus_using_subcommand top" -l token-file -d 'The file with the token that it asks for' -r -F
complete -c otus -n "__fish_otus_using_subcommand top" -l ca -d 'The certificate to trust, as PEM, if no authority that this machine knows vouches for it' -r -F
complete -c otus -n "__fish_otus_using_subcommand top" -l json -d 'Print for programs: JSON on standard output'
complete -c otus -n "__fish_otus_using_subcommand top" -s h -l help -d 'Print help'
complete -c otus -n "__fish_otus_using_subcommand help; and not __fish_seen_subcommand_from run check graph nodes schema models devices doctor replay test events verify status reload top help" -f -a "run" -d 'Run a pipeline until its files end or it is stopped'
complete -c otus -n "__fish_otus_using_subcommand help; and not __fish_seen_subcommand_from run check graph nodes schema models devices doctor replay test events verify status reload top help" -f -a "check" -d 'Find everything wrong with a pipeline file, and what it names that is missing or does not fit'
complete -c otus -n "__fish_otus_using_subcommand help; and not __fish_seen_subcommand_from run check graph nodes schema models devices doctor replay test events verify status reload top help" -f -a "graph" -d 'Draw a pipeline'
complete -c otus -n "__fish_otus_using_subcommand help; and not __fish_seen_subcommand_from run check graph nodes schema models devices doctor replay test events verify status reload top help" -f -a "nodes" -d 'Explain node types and their options'
complete -c otus -n "__fish_otus_using_subcommand help; and not __fish_seen_subcommand_from run check graph nodes schema models devices doctor replay test events verify status reload top help" -f -a "schema" -d 'Print the JSON Schema of pipeline files, by which editors complete and check them'
complete -c otus -n "__fish_otus_using_subcommand help; and not __fish_seen_subcommand_from run check graph nodes schema models devices doctor replay test events verify status reload top help" -f -a "models" -d 'List, fetch, convert, verify and look into models'
complete -c otus -n "__fish_otus_using_subcommand help; and not __fish_seen_subcommand_from run check graph nodes schema models devices doctor replay test events verify status reload top help" -f -a "devices" -d 'List cameras, microphones and inference providers'
complete -c otus -n "__fish_otus_using_subcommand help; and not __fish_seen_subcommand_from run check graph nodes schema models devices doctor replay test events verify status reload top help" -f -a "doctor" -d 'Measure what a pipeline stands on, and say what to do about what is wrong'
complete -c otus -n "__fish_otus_using_subcommand help; and not __fish_seen_subcommand_from run check graph nodes schema models devices doctor replay test events verify status reload top help" -f -a "replay" -d 'Play recordings through a pipeline in place of its cameras and microphones, and print what it decides'
complete -c otus -n "__fish_otus_using_subcommand help; and not __fish_seen_subcommand_from run check graph nodes schema models devices doctor replay test events verify status reload top help" -f -a "test" -d 'Run the tests that stand in a pipeline file'
complete -c otus -n "__fish_otus_using_subcommand help; and not __fish_seen_subcommand_from run check graph nodes schema models devices doctor replay test events verify status reload top help" -f -a "events" -d 'Search the history that a pipeline keeps'
complete -c otus -n "__fish_otus_using_subcommand help; and not __fish_seen_subcommand_from run check graph nodes schema models devices doctor replay test events verify status reload top help" -f -a "verify" -d 'Check that evidence is as it was written, and name the first bundle that is not'
complete -c otus -n "__fish_otus_using_subcommand help; and not __fish_seen_subcommand_from run check graph nodes schema models devices doctor replay test events verify status reload top help" -f -a "status" -d 'Ask a running instance how it is'
complete -c otus -n "__fish_otus_using_subcommand help; and not __fish_seen_subcommand_from run check graph nodes schema models devices doctor replay test events verify status reload top help" -f -a "reload" -d 'Have a running instance read its pipeline file again'
complete -c otus -n "__fish_otus_using_subcommand help; and not __fish_seen_subcommand_from run check graph nodes schema models devices doctor replay test events verify status reload top help" -f -a "top" -d 'Watch a running instance; q quits'
complete -c otus -n "__fish_otus_using_subcommand help; and not __fish_seen_subcommand_from run check graph nodes schema models devices doctor replay test events verify status reload top help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c otus -n "__fish_otus_using_subcommand help; and __fish_seen_subcommand_from models" -f -a "list" -d 'List the models that otus knows by name'
complete -c otus -n "__fish_otus_using_subcommand help; and __fish_seen_subcommand_from models" -f -a "pull" -d 'Fetch models, and the ONNX Runtime library, into the cache'
complete -c otus -n "__fish_otus_using_subcommand help; and __fish_seen_subcommand_from models" -f -a "import" -d 'Make an ONNX file of a TensorFlow Lite model, once'
complete -c otus -n "__fish_otus_using_subcommand help; and __fish_seen_subcommand_from models" -f -a "verify" -d 'Compute the sums of the models that are here'
complete -c otus -n "__fish_otus_using_subcommand help; and __fish_seen_subcommand_from models" -f -a "inspect" -d 'Tell what a model that finds objects is taken for, and draw what it finds in a picture'
