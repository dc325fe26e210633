#!/bin/bash
# Prepares a HyperPod node on EKS (Amazon Linux 2023). Written by `hpctl lifecycle init`.
#
# It runs as root when a node is made or replaced, and after an update of its software; every step looks first
# whether it is done. Images and pods are moved from the root volume to the volume of the group, if it has one.
set -euo pipefail
cd "$(dirname "$0")"
# shellcheck source=lib.sh
source ./lib.sh
# shellcheck source=settings.sh
source ./settings.sh

VOLUME=/opt/sagemaker

# move DIRECTORY SERVICE: what the service keeps in the directory goes to the volume, where it stands by its old name.
move() {
    local directory=$1 service=$2 target
    target=$VOLUME/$(basename "$directory")
    if [[ ! -d $directory ]]; then
        say "$service keeps nothing in $directory: nothing to move"
    elif mountpoint -q "$directory"; then
        say "$directory is a mount already: nothing to move"
    elif systemctl is-active --quiet "$service"; then
        say "$service runs already: $directory stays where it is"
    elif ! retry 12 5 mountpoint -q "$VOLUME"; then
        say "$VOLUME is not mounted: $directory stays where it is"
    else
        mkdir -p "$target"
        cp -a "$directory/." "$target/"
        mount --bind "$target" "$directory"
        remember "$target $directory none bind,nofail,x-systemd.requires-mounts-for=$VOLUME 0 0"
        say "$directory is on $VOLUME now"
    fi
}

main() {
    say "on_create.sh started on $(hostname)"
    if [[ $SECONDARY_VOLUME == yes ]]; then
        move /var/lib/containerd containerd
        move /var/lib/kubelet kubelet
    else
        say "the group has no volume of its own: images and pods stay on the root volume"
    fi
    bash ./site.sh
    say "on_create.sh finished"
}

log_to_cloudwatch
trap 'say "on_create.sh failed at line $LINENO"' ERR
main
