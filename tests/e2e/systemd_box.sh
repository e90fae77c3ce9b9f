#!/bin/bash
# systemd_box.sh FOLDER EXECUTABLE: boots systemd in namespaces of its own, on a copy-on-write view of this machine's root.
# What is done in it is gone with it. EXECUTABLE is /opt/ecowatt there.
set -eu
folder=$1 executable=$2
mount --make-rprivate /
mount -t tmpfs tmpfs "$folder"
mkdir "$folder/upper" "$folder/work" "$folder/root"
root=$folder/root
mount -t overlay -o "lowerdir=/,upperdir=$folder/upper,workdir=$folder/work" overlay "$root"
mount -t proc proc "$root/proc"
mount --bind "$root/proc/sys" "$root/proc/sys"
mount -o remount,ro,bind "$root/proc/sys"
mount -t sysfs -o ro sysfs "$root/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
for device in null:1:3 zero:1:5 full:1:7 random:1:8 urandom:1:9 tty:5:0; do
  IFS=: read -r name major minor <<<"$device"
  mknod -m 666 "$root/dev/$name" c "$major" "$minor"
done
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
mount -t tmpfs tmpfs "$root/dev/shm"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mount -t tmpfs tmpfs "$root/tmp"
mkdir -p "$root/opt"
: >"$root/opt/ecowatt"
mount --bind "$executable" "$root/opt/ecowatt"
# Nothing of this machine's own starts in there.
: >"$root/etc/machine-id"
rm -rf "$root"/etc/systemd/system/*.wants "$root"/etc/systemd/system/ecowatt.service*
for unit in systemd-modules-load systemd-remount-fs systemd-networkd-wait-online NetworkManager-wait-online \
  ifupdown-wait-online networking systemd-logind systemd-udevd systemd-sysctl; do
  ln -sf /dev/null "$root/etc/systemd/system/$unit.service"
done
ip link set lo up
exec chroot "$root" /usr/bin/env -i container=ecowatt-test PATH=/usr/sbin:/usr/bin:/sbin:/bin \
  /usr/lib/systemd/systemd --show-status=no --unit=basic.target
