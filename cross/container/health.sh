#!/bin/sh
# Whether the pipeline gets on: what HEALTHCHECK of the image asks. A camera that is away is no reason for a restart.
#
# OTUS_URL is where `[status] listen` is, if it is not the default: http://127.0.0.1:9860, https://porch.local:9860, or
# unix:/run/otus/otus.sock. OTUS_TOKEN_FILE is its token, OTUS_CA whom the certificate is vouched for by. Whatever the name,
# nobody is asked but this container.
set -eu
url=${OTUS_URL:-http://127.0.0.1:9860}
set -- --silent --show-error --fail --max-time 8 --noproxy '*'
case $url in
    unix:*) set -- "$@" --unix-socket "${url#unix:}" http://localhost/livez ;;
    *) set -- "$@" --connect-to '::127.0.0.1:' "$url/livez" ;;
esac
[ -z "${OTUS_CA:-}" ] || set -- "$@" --cacert "$OTUS_CA"
if [ -n "${OTUS_TOKEN_FILE:-}" ]; then
    # Not as an argument, which others can read.
    printf 'Authorization: Bearer %s\n' "$(cat "$OTUS_TOKEN_FILE")" | curl "$@" --header @-
else
    curl "$@"
fi
