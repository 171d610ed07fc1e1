#!/bin/sh
# The demo for people: says where to look and what to try next, then plays until Ctrl-C.
#
#   pipelines/live.sh PROGRAM [TIME]    # TIME such as 30s
otus=$1 time=$2
cd "$(dirname "$0")/.." || exit 1
python3 pipelines/live.py .demo || exit 1
cat <<'EOF' | if [ -t 1 ]; then fold -s -w "$(tput cols 2> /dev/null || echo 80)"; else cat; fi

The page: http://127.0.0.1:9860/

People walk through a street, and somebody names loudspeakers. Ctrl-C ends it; then try:

  otus init
    your own camera or microphone
  otus nodes
    what a pipeline can be made of
  otus replay pipelines/demo.toml --at .demo/vtest.avi
    another look at a film

EOF
# Ctrl-C is how it ends: that is no failure of make's.
trap : INT
"$otus" run pipelines/live.toml ${time:+--for "$time"} || [ $? = 130 ]
