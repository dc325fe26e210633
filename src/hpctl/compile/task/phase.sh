#!/bin/bash
# Runs `setup` or `run` as the job's contract says, in place of this shell. The first argument says which.
hpctl_here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$hpctl_here/settings.sh"

hpctl_exports() {
  local name
  # "$@" are names; a name that is not set is one whose value bash keeps to itself (UID, SHELLOPTS).
  for name in "$@"; do
    [ -z "${!name+x}" ] || printf 'export %s=%q\n' "$name" "${!name}"
  done
}

# What the user's own values may replace, and what nobody's may (SkyPilot 0.14.1).
hpctl_defaults() {
  SKYPILOT_NUM_NODES=$hpctl_nodes SKYPILOT_TASK_ID=$hpctl_task_id
  hpctl_exports SKYPILOT_NUM_NODES SKYPILOT_TASK_ID
  if [ "$1" = run ]; then
    SKYPILOT_NODE_IPS=$hpctl_ips
    hpctl_exports SKYPILOT_NODE_IPS
  fi
}

hpctl_fixed() {
  SKYPILOT_CLUSTER_INFO=$hpctl_cluster_info SKYPILOT_USER=$hpctl_user
  hpctl_exports SKYPILOT_CLUSTER_INFO SKYPILOT_USER
  if [ "$1" = run ]; then
    SKYPILOT_NODE_RANK=$HPCTL_NODE_RANK SKYPILOT_NUM_GPUS_PER_NODE=$hpctl_devices SKYPILOT_INTERNAL_JOB_ID=1
    hpctl_exports SKYPILOT_NODE_RANK SKYPILOT_NUM_GPUS_PER_NODE SKYPILOT_INTERNAL_JOB_ID
  else
    SKYPILOT_SETUP_NODE_RANK=$HPCTL_NODE_RANK SKYPILOT_SETUP_NUM_GPUS_PER_NODE=$hpctl_devices
    SKYPILOT_SETUP_NODE_IPS=$hpctl_ips
    hpctl_exports SKYPILOT_SETUP_NODE_RANK SKYPILOT_SETUP_NUM_GPUS_PER_NODE SKYPILOT_SETUP_NODE_IPS
  fi
}

hpctl_skypilot() {
  local script=$HPCTL_STATE/$1.sh hpctl_ips names
  hpctl_ips=$(cat "$HPCTL_STATE/ips")
  mapfile -t names <"$hpctl_here/env-names"
  (
    umask 077
    {
      cat "$hpctl_here/preamble.sh"
      # The user's values as they are here, before a default of the same name is set in this shell.
      hpctl_given=$(hpctl_exports "${names[@]}")
      hpctl_defaults "$1"
      printf '%s\n' "$hpctl_given"
      hpctl_fixed "$1"
      cat "$hpctl_here/$1"
      echo
    } >"$script"
  )
  # Without a terminal an interactive bash begins with two complaints: they go nowhere, and the preamble takes the real
  # standard error back from 9.
  exec 9>&2
  exec /bin/bash -i "$script" 2>/dev/null
}

case $hpctl_contract in
  skypilot) hpctl_skypilot "$1" ;;
  training) cd "$HPCTL_WORKDIR" && exec /bin/bash -e "$hpctl_here/$1" ;;
esac
