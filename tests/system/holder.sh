# Holds one machine: its disk, its control groups and its processes live in namespaces that end with this script, which
# ends when its standard input does. Run as the first process of a process namespace: holder.sh IMAGE CGROUP tmpfs|ext4
set -eu
[ $$ = 1 ] || { echo "not in a process namespace of its own" >&2; exit 1; }
image=$1 group=/sys/fs/cgroup/$2
mount --make-rprivate /
mount -t proc proc /proc
mkdir -p /run/bext-machine
mount -t tmpfs -o mode=0755 machine /run/bext-machine
cd /run/bext-machine
mkdir upper disk
if [ "$3" = ext4 ]; then
  truncate -s 2G upper.img
  mkfs.ext4 -q upper.img
  mount -o loop,commit=600 upper.img upper
fi
mkdir upper/changes upper/work
mount -t overlay -o "lowerdir=$image,upperdir=upper/changes,workdir=upper/work" machine disk
umount -R /sys/fs/cgroup
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mkdir "$group"
echo held
cat > /dev/null || true
# The end: everything in this namespace but this script, then the control groups that they leave empty.
trap '' TERM INT HUP
kill -KILL -1 2> /dev/null || true
for _ in $(seq 50); do
  find "$group" -depth -type d -exec rmdir {} + 2> /dev/null || true
  [ -d "$group" ] || break
  sleep 0.05
done
