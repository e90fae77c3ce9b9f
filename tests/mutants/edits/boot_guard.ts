import { mutantsOf } from "../mutant.ts";

const GUARD = ["tests/packaging/boot_guard_slow_test.ts", "tests/ota/boot_guard_model_slow_test.ts"];

export const BOOT_GUARD = [
  ...mutantsOf("packaging/boot-guard", GUARD, [
    {
      from: ' && to_disk "$slots/attempts.new" &&',
      to: " &&",
      breaks: "a power cut leaves failures that nobody counted",
    },
    { from: ' && to_disk "$slots"\n', to: "\n", breaks: "a power cut brings older counts back" },
    { from: "most_starts=20", to: "most_starts=2000", breaks: "power cycles try a bad image for ever" },
    {
      from: '    is_unchanged "$2" || {',
      to: "    true || {",
      breaks: "a program in which a byte has changed is started",
    },
    {
      from: '  if ! is_unchanged "$slots/$t_slot/ecowatt"; then',
      to: "  if false; then",
      breaks: "an image on trial in which a byte has changed is started",
    },
    { from: "umask 077", to: "umask 022", breaks: "everybody on the machine reads a trial's log" },
    {
      from: '[ "$failures" -lt "$t_limit" ]',
      to: '[ "$failures" -le "$t_limit" ]',
      breaks: "an image fails once more than it may",
    },
    { from: "    failures=$t_limit\n", to: "    failures=0\n", breaks: "a damaged count tries a bad image for ever" },
    { from: '    [ "$a_image" = "$t_image" ] || return 0\n', to: "", breaks: "another image's failures count" },
    { from: ' && [ "$t_slot" != "$current" ]', to: "", breaks: "the program that has proved itself is on trial" },
    {
      from: ' || [ "$(machine_of "$1")" = "$(machine_of /bin/sh)" ]',
      to: " || :",
      breaks: "another machine's program is run as a script",
    },
    {
      from: 'note "$failures" "$starts" "$reason" || return 1',
      to: 'note "$failures" "$starts" "$reason" || :',
      breaks: "a full disk tries a bad image for ever",
    },
    { from: "  kill -USR1 $$\n", to: "", breaks: "an image that never proves itself stays" },
    {
      from: 'for slot in a b; do start "$slot" "$slots/$slot/ecowatt" "$@"; done',
      to: "",
      breaks: "a good slot is not started when nothing else is there",
    },
    { from: '  [ -z "$stopping" ] || exit "$status"\n', to: "", breaks: "a stop of the service counts as a failure" },
    {
      from: '    note "$t_limit" "$starts" "not a program for this machine"\n',
      to: "",
      breaks: "nobody is told why an update was given up",
    },
    {
      from: '  read_trial && [ "$t_image" = "$tried" ] || exit "$status"\n',
      to: "",
      breaks: "an end after the confirmation counts as a failure",
    },
  ]),
];
