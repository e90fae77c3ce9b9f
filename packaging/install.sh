#!/bin/sh
# install.sh [EXECUTABLE] [OPTION...]: installs EcoWatt as a service of this machine, if it can run here.
# EXECUTABLE is `ecowatt` beside this script by default; options are those of `ecowatt install`.
set -eu
here=$(dirname "$0")
executable=$here/ecowatt
case ${1:-} in
  '' | -*) ;;
  *)
    executable=$1
    shift
    ;;
esac
sh "$here/preflight"
exec "$executable" install "$@"
