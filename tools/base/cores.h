/*
 * How many cores this process may keep busy. A machine, or a container, often gives it fewer than
 * there are: by an affinity mask, or by a quota of its control group.
 */
#ifndef BASE_CORES_H
#define BASE_CORES_H

/* The cores of the affinity mask, but no more than cores_quota(""). At least 1. */
int cores_available(void);

/*
 * The smallest quota of the control groups that this process is in, in cores and rounded up: a
 * quota of one and a half keeps two threads busy for three quarters of the time. INT_MAX where none
 * is set.
 *
 * Quotas are `cpu.max` ("50000 100000": microseconds in each period of so many) of version 2 of
 * control groups, and `cpu.cfs_quota_us` with `cpu.cfs_period_us` of version 1, in the group's
 * folder and all above it. `root` is put in front of all paths: "" for those of the system.
 */
int cores_quota(const char *root);

#endif
