#!/bin/bash
# Runs a command beside a rank of a job on Slurm, with what the rank's own scripts have: bash enter RANK COMMAND...
hpctl_folder=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
export HPCTL_NODE_RANK=$1
shift
. "$hpctl_folder/job/node.sh"
{ read -r HPCTL_HOSTS <"$hpctl_folder/state/hosts"; } 2>/dev/null
export HPCTL_HOSTS HPCTL_STATE=$hpctl_folder/state
hpctl_outfit
if [ "$hpctl_contract" = skypilot ]; then
  export SKYPILOT_NUM_NODES=$hpctl_nodes SKYPILOT_NODE_RANK=$HPCTL_NODE_RANK SKYPILOT_TASK_ID=$hpctl_task_id
  export SKYPILOT_NODE_IPS=${HPCTL_HOSTS// /$'\n'} SKYPILOT_NUM_GPUS_PER_NODE=$hpctl_devices
  export SKYPILOT_CLUSTER_INFO=$hpctl_cluster_info SKYPILOT_USER=$hpctl_user
fi
cd "$hpctl_folder/$hpctl_place" && exec "$@"
