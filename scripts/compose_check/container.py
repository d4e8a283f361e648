"""One container without an engine. Run in fresh namespaces with a description as JSON, it builds the root file system, makes it
read-only, gives up every right but those named, and becomes the program."""

import ctypes
import json
import os
import resource
import subprocess
import sys

PR_SET_NO_NEW_PRIVS, PR_CAPBSET_DROP = 38, 24
CAPABILITIES = {"CHOWN": 0, "DAC_OVERRIDE": 1}
LIMITS = {"core": resource.RLIMIT_CORE, "nofile": resource.RLIMIT_NOFILE}
DEVICES = {"null": (1, 3), "zero": (1, 5), "full": (1, 7), "random": (1, 8), "urandom": (1, 9)}


def mount(*arguments):
    subprocess.run(["mount", *arguments], check=True)


def inside(root, target):
    """`target` below `root`, with symbolic links read as they are meant in there."""
    path = ""
    for part in filter(None, target.split("/")):
        path += "/" + part
        if os.path.islink(root + path):
            path = inside(root, os.path.join(os.path.dirname(path), os.readlink(root + path)))[len(root):]
    return root + path


def place(root, target, folder=True):
    """Where `target` is inside, made if it is not there."""
    path = inside(root, target)
    if folder:
        os.makedirs(path, exist_ok=True)
    else:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        open(path, "a", encoding="utf-8").close()
    return path


def build(about):
    """The root file system: the image below, what is mounted above, and nothing else to write to."""
    base = about["base"]
    mount("--make-rprivate", "/")
    mount("-t", "tmpfs", "tmpfs", base)
    root = f"{base}/root"
    for folder in ("upper", "work", "root"):
        os.mkdir(f"{base}/{folder}")
    mount("-t", "overlay", "overlay", "-o", f"lowerdir={about['image']},upperdir={base}/upper,workdir={base}/work", root)
    if os.path.islink(f"{root}/etc/resolv.conf"):
        os.unlink(f"{root}/etc/resolv.conf")
    with open(place(root, "/etc/hosts", folder=False), "w", encoding="utf-8") as file:
        file.write(about["hosts"])
    with open(place(root, "/etc/resolv.conf", folder=False), "w", encoding="utf-8"):
        pass
    for volume in about["mounts"]:
        target = place(root, volume["target"], os.path.isdir(volume["source"]))
        mount("--bind", volume["source"], target)
        if volume["read_only"]:
            mount("-o", "remount,bind,ro", target)
    for target in about["tmpfs"]:
        mount("-t", "tmpfs", "-o", "nosuid,nodev,noexec,mode=1777", "tmpfs", place(root, target))
    mount("-t", "proc", "proc", place(root, "/proc"))
    dev = place(root, "/dev")
    mount("-t", "tmpfs", "-o", "nosuid,mode=755", "tmpfs", dev)
    for name, (major, minor) in DEVICES.items():
        os.mknod(f"{dev}/{name}", 0o20666, os.makedev(major, minor))
        os.chmod(f"{dev}/{name}", 0o666)
    for name, target in {"fd": "fd", "stdin": "fd/0", "stdout": "fd/1", "stderr": "fd/2"}.items():
        os.symlink(f"/proc/self/{target}", f"{dev}/{name}")
    mount("-t", "tmpfs", "-o", "nosuid,nodev,mode=1777", "tmpfs", place(root, "/dev/shm"))
    if about["read_only"]:
        mount("-o", "remount,ro", root)
    return root


def confine(about):
    """No capability but the named ones, no way to more, another user."""
    for name, most in about["ulimits"].items():
        resource.setrlimit(LIMITS[name], (most, most))
    libc = ctypes.CDLL(None, use_errno=True)
    kept = {CAPABILITIES[name] for name in about["capabilities"]}
    last = int(open("/proc/sys/kernel/cap_last_cap", encoding="utf-8").read())
    os.chroot(about["root"])
    os.chdir("/")
    for capability in range(last + 1):
        if capability not in kept and libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0):
            raise OSError(ctypes.get_errno(), "capabilities cannot be dropped")
    os.setgroups([])
    os.setgid(about["group"])
    os.setuid(about["user"])
    if about["no_new_privileges"] and libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "new privileges cannot be given up")


def main():
    about = json.loads(sys.argv[1])
    about["root"] = build(about)
    confine(about)
    os.execvpe(about["command"][0], about["command"], about["environment"])


main()
