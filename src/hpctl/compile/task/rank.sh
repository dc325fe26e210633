#!/bin/bash
# What srun starts on every node of a job on Slurm: its scripts, with its variables. The argument is the folder of the
# job, which all nodes share.
hpctl_folder=$1
export HPCTL_NODE_RANK=$SLURM_PROCID
. "$hpctl_folder/job/node.sh"
hpctl_marks=$hpctl_folder/state/$HPCTL_ATTEMPT
hpctl_child= hpctl_told=

hpctl_begin() {
  HPCTL_STATE=$(umask 077 && mktemp -d /tmp/hpctl-job.XXXXXXXX) || hpctl_fail start 1
  export HPCTL_STATE
  trap 'rm -rf "$HPCTL_STATE"' EXIT
  printf '%s\n' $HPCTL_HOSTS >"$HPCTL_STATE/ips"
  hpctl_outfit
}

# What went wrong by itself, where the batch script looks for the first of all ranks.
hpctl_fail() {
  local line="$SLURM_PROCID $1 $2 $(hpctl_now)"
  echo "$line" >"$hpctl_marks/.failed-$SLURM_PROCID"
  mv -f "$hpctl_marks/.failed-$SLURM_PROCID" "$hpctl_marks/failed-$SLURM_PROCID"
  hpctl_say "first failure: rank=$SLURM_PROCID phase=$1 exit=$2"
  exit "$2"
}

# Runs one script and returns how it ended.
hpctl_phase() {
  [ -f "$hpctl_here/$1" ] || return 0
  /bin/bash "$hpctl_here/phase.sh" "$1" </dev/null &
  hpctl_child=$!
  [ -z "$hpctl_told" ] || kill -TERM "$hpctl_child" 2>/dev/null
  # A signal ends `wait` before the script ends.
  while kill -0 "$hpctl_child" 2>/dev/null; do wait "$hpctl_child"; done
  wait "$hpctl_child"
}

hpctl_do() {
  local code
  hpctl_phase "$1"
  code=$?
  if [ -n "$hpctl_told" ]; then
    hpctl_say "told to end (SIGTERM) during $1"
    exit 143
  fi
  ((code == 0)) || hpctl_fail "$1" "$code"
}

# No node runs before all are set up.
hpctl_muster() {
  local there
  ((hpctl_nodes > 1)) && [ -f "$hpctl_here/setup" ] || return 0
  : >"$hpctl_marks/ready-$SLURM_PROCID"
  while :; do
    there=("$hpctl_marks"/ready-*)
    ((${#there[@]} < hpctl_nodes)) || return 0
    there=("$hpctl_marks"/failed-*)
    if [ -e "${there[0]}" ]; then
      hpctl_say "ended because rank ${there[0]##*-} failed"
      exit 137
    fi
    [ -z "$hpctl_told" ] || exit 143
    sleep 0.2
  done
}

hpctl_on_term() {
  hpctl_told=yes
  [ -z "$hpctl_child" ] || kill -TERM "$hpctl_child" 2>/dev/null
}

trap hpctl_on_term TERM INT
hpctl_begin
hpctl_do setup
hpctl_muster
hpctl_do run
