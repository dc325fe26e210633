#!/bin/bash
# Every ssh session between the nodes begins here (ForceCommand), with the environment that the pod began with.
. "$1/environment"
[ ! -f ~/.bashrc ] || . ~/.bashrc
if [ -n "${SSH_ORIGINAL_COMMAND:-}" ]; then
  exec "${SHELL:-/bin/bash}" -c "$SSH_ORIGINAL_COMMAND"
fi
exec "${SHELL:-/bin/bash}" -l
