/*
 * The number of cores available to this process: often fewer than the machine has, because of an
 * affinity mask or a quota of its control group.
 */
#ifndef BASE_CORES_H
#define BASE_CORES_H

/* The number of cores in the affinity mask, at most cores_quota(""), at least 1. */
int cores_available(void);

/*
 * The smallest quota of the control groups of this process, in cores, rounded up: a quota of 1.5
 * keeps two threads busy three quarters of the time. INT_MAX if none is set.
 *
 * Quotas are read from `cpu.max` ("50000 100000": quota and period in microseconds) of cgroups
 * version 2, and from `cpu.cfs_quota_us` and `cpu.cfs_period_us` of version 1, in the group's
 * folder and all its ancestors. `root` is prepended to all paths: "" for those of the system.
 */
int cores_quota(const char *root);

#endif
