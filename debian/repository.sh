#!/bin/sh
# Makes a signed apt repository: repository.sh DIRECTORY PACKAGE...
#
# It is signed with the key in GNUPGHOME when that is set, else with a new one that nobody keeps; DIRECTORY/bext.gpg is its
# public half. On a machine:
#   deb [signed-by=DIRECTORY/bext.gpg] file:DIRECTORY stable main
set -eu

directory=$1
shift
rm -rf "$directory"
mkdir -p "$directory/pool"
cp "$@" "$directory/pool"
cd "$directory"

thrown_away=
if [ -z "${GNUPGHOME:-}" ]; then
  thrown_away=$(mktemp -d)
  export GNUPGHOME="$thrown_away"
  trap 'gpgconf --kill gpg-agent; rm -rf "$thrown_away"' EXIT
  gpg --batch --quiet --passphrase '' --quick-generate-key 'bext packages' ed25519 sign never
fi

architecture=$(dpkg --print-architecture)
index=dists/stable/main/binary-$architecture
mkdir -p "$index"
apt-ftparchive packages pool > "$index/Packages"
gzip -9nk "$index/Packages"
apt-ftparchive -o APT::FTPArchive::Release::Origin=bext -o APT::FTPArchive::Release::Label=bext \
  -o APT::FTPArchive::Release::Suite=stable -o APT::FTPArchive::Release::Codename=stable \
  -o APT::FTPArchive::Release::Components=main -o "APT::FTPArchive::Release::Architectures=$architecture" \
  release dists/stable > Release
mv Release dists/stable/Release
gpg --batch --quiet --yes --clearsign -o dists/stable/InRelease dists/stable/Release
gpg --batch --quiet --yes --armor --detach-sign -o dists/stable/Release.gpg dists/stable/Release
gpg --batch --quiet --export > bext.gpg
