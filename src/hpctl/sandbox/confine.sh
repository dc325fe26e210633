#!/bin/bash
# Run a lifecycle script where it can do no harm: `confine.sh WORK ENTRY`, inside fresh namespaces.
# Everything is read-only but the script's own folder and empty places that vanish with it; there is no
# network and no device (the user is nobody, or whoever runs the sandbox: /proc/sys is closed to both).
# What has to do with packages and services is played, for a node has them.
set -euo pipefail
work=$1 entry=$2

mount -t tmpfs -o size=16m,mode=755 tmpfs /mnt
mkdir /mnt/scripts /mnt/log /mnt/played /mnt/dev
mount --bind "$work/scripts" /mnt/scripts
mount --bind "$work/log" /mnt/log
for command in apt apt-get dnf yum snap pip pip3 systemctl service docker useradd usermod groupadd chpasswd \
    modprobe sysctl mount umount mkfs.xfs mkfs.ext4 curl wget aws ansible-playbook nvidia-smi scontrol; do
    printf '#!/bin/sh\necho "[hpctl sandbox] not really run: %s $*"\n' "$command" > "/mnt/played/$command"
    chmod 755 "/mnt/played/$command"
done
for device in null zero random urandom full; do
    : > "/mnt/dev/$device"
    mount --bind "/dev/$device" "/mnt/dev/$device"
done

while read -r _ target _; do
    case $target in
        /mnt | /mnt/* | /proc | /proc/*) ;;
        *) mount -o remount,bind,ro "$target" 2>/dev/null || true ;;
    esac
done < /proc/self/mounts
for place in /tmp /var/tmp /var/log /opt /home /root /run /srv /sys; do
    [ ! -d "$place" ] || mount -t tmpfs -o size=16m,mode=755 tmpfs "$place"
done
mkdir -p /var/log/provision /opt/ml/config
cp /mnt/scripts/.resource_config.json /opt/ml/config/resource_config.json
mount --bind /mnt/log /var/log/provision
mount --rbind /mnt/dev /dev
ln -s /proc/self/fd /dev/fd 2>/dev/null || true

: > /mnt/log/.confined
cd /mnt/scripts
ulimit -f 4096 -c 0
# The second user namespace locks what the first one mounted: the script cannot take it away.
status=0
unshare --user --map-root-user --mount -- "./$entry" || status=$?
# What the script left behind, such as a `tee` of its output, may end its work; then all of it is gone.
for _ in {1..40}; do
    set -- /proc/[0-9]*
    [ $# -gt 1 ] || break
    sleep 0.05
done
exit "$status"
