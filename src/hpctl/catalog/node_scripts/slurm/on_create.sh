#!/bin/bash
# Prepares a HyperPod node on Slurm (Ubuntu). Written by `hpctl lifecycle init`.
#
# It runs as root when a node is made or replaced, and after an update of its software; every step looks first
# whether it is done. The role of the node comes from node_role.py; HyperPod's agents write slurm.conf.
set -euo pipefail
cd "$(dirname "$0")"
# shellcheck source=lib.sh
source ./lib.sh

ROLE='' GROUP='' CONTROLLERS='' FSX_DNS_NAME='' FSX_MOUNT_NAME='' OPENZFS_DNS_NAME=''
SLURM_CONF=/opt/slurm/etc/slurm.conf

# mount_at TYPE SOURCE DIRECTORY OPTIONS
mount_at() {
    local type=$1 source=$2 directory=$3 options=$4
    if mountpoint -q "$directory"; then
        say "$directory is mounted already"
        return
    fi
    mkdir -p "$directory"
    retry 5 15 mount -t "$type" -o "$options" "$source" "$directory"
    remember "$source $directory $type $options,_netdev 0 0"
    say "$source is mounted at $directory"
}

mount_file_systems() {
    if [[ -n $FSX_DNS_NAME ]]; then
        retry 5 5 modprobe lustre
        mount_at lustre "$FSX_DNS_NAME@tcp:/$FSX_MOUNT_NAME" /fsx noatime,flock
    fi
    if [[ -n $OPENZFS_DNS_NAME ]]; then
        mount_at nfs "$OPENZFS_DNS_NAME:/fsx" /home nfsvers=4.2,noatime
    fi
}

can_be_written() {
    local mark
    mark=$(mktemp "$1/.hpctl-XXXXXX") && rm -f "$mark"
}

# The home of `ubuntu` on the shared file system: a mount takes a moment until it can be written.
move_home() {
    if ! mountpoint -q /fsx || ! id ubuntu > /dev/null 2>&1; then
        return
    fi
    retry 6 10 can_be_written /fsx
    if [[ -d /fsx/ubuntu ]]; then
        usermod -d /fsx/ubuntu ubuntu
    else
        usermod -m -d /fsx/ubuntu ubuntu
    fi
    say "the home of ubuntu is /fsx/ubuntu"
}

# slurmd asks the controller for slurm.conf; the unit of the image takes options from SLURMD_OPTIONS.
point_slurmd_at_controllers() {
    local folder=/etc/systemd/system/slurmd.service.d
    if [[ -z $CONTROLLERS ]]; then
        say "no controller is known yet: slurmd keeps its options"
        return
    fi
    mkdir -p "$folder"
    printf '[Service]\nEnvironment="SLURMD_OPTIONS=--conf-server %s"\n' "$CONTROLLERS" > "$folder/hpctl.conf"
    systemctl daemon-reload
}

start_slurm() {
    if [[ $ROLE == controller ]]; then
        if [[ -d $(dirname "$SLURM_CONF") ]]; then
            retry 12 5 test -s "$SLURM_CONF"
        fi
        systemctl disable --now slurmd || true
        retry 5 10 systemctl enable --now slurmctld
    else
        systemctl disable --now slurmctld || true
        point_slurmd_at_controllers
        retry 5 10 systemctl enable --now slurmd
    fi
    say "Slurm runs on this $ROLE node"
}

main() {
    local role
    role=$(python3 node_role.py)
    eval "$role"
    say "on_create.sh started on $(hostname): group $GROUP, $ROLE node"
    mount_file_systems
    move_home
    start_slurm
    bash ./site.sh
    say "on_create.sh finished"
}

log_to_cloudwatch
trap 'say "on_create.sh failed at line $LINENO"' ERR
main
