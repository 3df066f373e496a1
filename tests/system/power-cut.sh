# Takes the disk of a machine that has just been killed back to what had reached it: writes that nobody made sure of are lost.
# Runs beside holder.sh: power-cut.sh IMAGE
set -eu
cd /run/bext-machine
cp --sparse=always upper.img cut.img
umount disk
umount upper
mv cut.img upper.img
mount -o loop,commit=600 upper.img upper
rm -rf upper/work
mkdir upper/work
mount -t overlay -o "lowerdir=$1,upperdir=upper/changes,workdir=upper/work" machine disk
