#include "harness/witness/wrappers.hpp"

namespace mccoy::witness {
namespace {
using How = Wrapper::How;

constexpr std::string_view kContainerOptions =
    " -c --context -H --host -l --log-level --config --tlscacert --tlscert --tlskey --root --url -f --file -p "
    "--project-name --project-directory --env-file --profile --ansi --progress --add-host --annotation -a --attach "
    "--blkio-weight --cap-add --cap-drop --cgroup-parent --cgroupns --cidfile --cpu-period --cpu-quota --cpu-shares "
    "--cpus --cpuset-cpus --cpuset-mems --detach-keys --device --dns --dns-option --dns-search --domainname "
    "--entrypoint -e --env --expose --gpus --group-add --health-cmd --health-interval --health-retries "
    "--health-start-period --health-timeout -h --hostname --index --ip --ip6 --ipc --isolation --label --label-file "
    "--link --log-driver --log-opt --mac-address -m --memory --memory-reservation --memory-swap --mount --name -n "
    "--network --net --network-alias --oom-score-adj --pid --pids-limit --platform --publish --pull --restart "
    "--runtime --security-opt --shm-size --stop-signal --stop-timeout --storage-opt --sysctl --tmpfs --ulimit -u "
    "--user --userns --uts -v --volume --volume-driver --volumes-from -w --workdir ";
constexpr std::string_view kDocker = " docker podman nerdctl ";
constexpr std::string_view kParallelOptions =
    " -a --arg-file -C --colsep -D -d --delimiter -E -I -j --jobs -P --max-procs -L --max-lines -l -N -n "
    "--max-args -s --max-chars -S --sshlogin --slf --sshloginfile --tmpdir --timeout --joblog --results --retries "
    "--delay --halt --header --nice --env --profile -J --load --memfree --block --recstart --recend --return "
    "--tagstring ";

constexpr Wrapper kWrappers[] = {
    {" env ", " -u --unset -C --chdir "},
    {" sudo ", " -u -g -h -p -C -D -R -r -t -T -U --user --group --host --prompt --chdir --chroot "},
    {" doas ", " -u -C "},
    {" timeout ", " -k --kill-after -s --signal ", 1},
    {" nice ", " -n --adjustment "},
    {" ionice ", " -c -n "},
    {" nohup ", ""},
    {" setsid ", ""},
    {" stdbuf ", " -i -o -e "},
    {" time ", " -f -o "},
    {" chrt ", "", 1},
    {" taskset ", "", 1},
    {" flock ", " -w -E ", 1},
    {" strace ", " -o -e -p -s "},
    {" npx ", " -p --package -c "},
    {" bunx ", ""},
    {" uvx ", " --from --with -p --python "},
    {" exec ", " -a "},
    {" command ", ""},
    {" busybox ", ""},
    {" ccache ", ""},
    {" faketime ", " -p --date-prog ", 1},
    {" fiu-run ", " -f -c -l "},
    {" xvfb-run ", " -e --error-file -f --auth-file -n --server-num -p --xauth-protocol -s --server-args -w --wait "},
    {" dbus-run-session ", " --config-file --dbus-daemon "},
    {" chroot ", "", 1},
    {" setpriv ", " --reuid --regid --groups --inh-caps --ambient-caps --bounding-set --securebits --pdeathsig "},
    {" dumb-init ", " -r --rewrite "},
    {" tini ", " -p -e "},
    {" valgrind ", ""},
    {" uv ", " -p --python --with --extra --group --env-file --directory --project --package ", 0, "run"},
    {" poetry ", " -C --directory -P --project ", 0, "run"},
    {" pipenv ", "", 0, "run"},
    {" pdm ", " -p --project -e --env-file ", 0, "run"},
    {" rye ", "", 0, "run"},
    {" hatch ", " -e --env ", 0, "run"},
    {" conda mamba micromamba ", " -n --name -p --prefix --cwd ", 0, "run"},
    {" coverage ", " --source --omit --include --rcfile --data-file --concurrency --context ", 0, "run", How::python},
    {" bundle ", "", 0, "exec"},
    {" pnpm ", " -C --dir --filter -F ", 0, "exec"},
    {" pnpm yarn ", " -C --dir --package -p ", 0, "dlx"},
    {" yarn ", "", 0, "exec"},
    {" npm ", " -w --workspace -p --package ", 0, "exec"},
    {" xargs ",
     " -a --arg-file -d --delimiter -E -I -L -n --max-args -P --max-procs -s --max-chars --process-slot-var "},
    {.names = " watch ", .with_value = " -n --interval ", .how = How::text},
    {.names = " parallel ", .with_value = kParallelOptions, .how = How::text, .keeps_modes = true},
    {.names = " ssh ",
     .with_value = " -B -b -c -D -E -e -F -I -i -J -L -l -m -O -o -P -p -Q -R -S -W -w ",
     .operands = 1,
     .how = How::text,
     .more_options = true,
     .elsewhere = true},
    {kDocker, kContainerOptions, 1, "run", How::entrypoint, false, false, true},
    {kDocker, kContainerOptions, 1, "exec", How::words, false, false, true},
    {kDocker, kContainerOptions, 1, "container run", How::entrypoint, false, false, true},
    {kDocker, kContainerOptions, 1, "container exec", How::words, false, false, true},
    {kDocker, kContainerOptions, 1, "compose run", How::entrypoint, false, false, true},
    {kDocker, kContainerOptions, 1, "compose exec", How::words, false, false, true},
    {" docker-compose podman-compose ", kContainerOptions, 1, "run", How::entrypoint, false, false, true},
    {" docker-compose podman-compose ", kContainerOptions, 1, "exec", How::words, false, false, true},
    {" kubectl oc ",
     " -n --namespace -c --container --context --cluster --kubeconfig -s --server --user --token -f --filename ", 1,
     "exec", How::words, true, false, true},
};
}  // namespace

std::span<const Wrapper> wrappers() {
  return kWrappers;
}
}  // namespace mccoy::witness
