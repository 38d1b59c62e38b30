# Prints what kernels use: kernelusage.py KERNEL...
#
# The processes of a kernel are those with its connection file on their command line,
# and all that descend from them. Prints a line for each kernel that has processes: its
# ID, the memory in bytes, and the processor time so far in seconds.
import os
import sys

sys.tracebacklimit = 0  # print an error as one line

PAGE = os.sysconf("SC_PAGE_SIZE")
TICKS = os.sysconf("SC_CLK_TCK")

files = {"kernel-%s.json" % kernel: kernel for kernel in sys.argv[1:]}


def read(path):
    try:
        with open(path, "rb") as file:
            return file.read().decode(errors="replace")
    except OSError:
        return ""  # the process has ended


parents, kernels, usage = {}, {}, {}
for pid in filter(str.isdigit, os.listdir("/proc")):
    # The fields of proc_pid_stat(5) behind the name of the program.
    fields = read("/proc/%s/stat" % pid).rpartition(")")[2].split()
    if len(fields) < 22:
        continue
    parents[pid] = fields[1]
    usage[pid] = int(fields[21]) * PAGE, sum(map(int, fields[11:15])) / TICKS
    for argument in read("/proc/%s/cmdline" % pid).split("\0"):
        kernels[pid] = files.get(os.path.basename(argument)) or kernels.get(pid)


def kernel_of(pid):
    seen = set()
    while pid in parents and pid not in seen:
        if kernels.get(pid):
            return kernels[pid]
        seen.add(pid)
        pid = parents[pid]


sums = {}
for pid, (memory, time) in usage.items():
    before = sums.get(kernel_of(pid), (0, 0))
    sums[kernel_of(pid)] = before[0] + memory, before[1] + time
for kernel in sys.argv[1:]:
    if kernel in sums:
        print("%s %d %.2f" % ((kernel,) + sums[kernel]))
