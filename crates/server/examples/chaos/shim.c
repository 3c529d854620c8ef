/* Preloaded into a server under trial. Its disk and its clock fail as the trial says in a shared file (see rounds/shim.rs), and
 * what it writes to the database and flushes to the disk is noted, so that the trial can tell what a power cut leaves. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { NONE, IO_ERROR, TORN, SHORT, FULL };

struct switches {
    /* By how much the wall clock is ahead, in milliseconds. */
    volatile int64_t ahead;
    /* Whether flushing fails. */
    volatile int32_t flush_fails;
    /* One of the kinds above. */
    volatile int32_t write_fails;
    /* Of so many writes or flushes one fails. */
    volatile int32_t one_of;
    int32_t unused;
    /* How often something failed. */
    volatile int64_t failed;
};

static struct switches *switches;
static int journal = -1;
static unsigned turns;

__attribute__((constructor)) static void begin(void) {
    const char *file = getenv("CHAOS_SWITCHES");
    int fd = file ? open(file, O_RDWR | O_CLOEXEC) : -1;
    if (fd >= 0) {
        void *mapped = mmap(NULL, sizeof *switches, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (mapped != MAP_FAILED) switches = mapped;
        close(fd);
    }
    file = getenv("CHAOS_JOURNAL");
    if (file) journal = open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
}

/* 1: the database, 2: its log, 0: anything else. */
static int which(int fd) {
    char link[64], name[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, name, sizeof name - 1);
    if (length < 10) return 0;
    name[length] = 0;
    if (strcmp(name + length - 10, "keydesk.db") == 0) return 1;
    return length > 14 && strcmp(name + length - 14, "keydesk.db-wal") == 0 ? 2 : 0;
}

static int its_turn(void) {
    int one_of = switches->one_of;
    if (one_of > 1 && __atomic_fetch_add(&turns, 1, __ATOMIC_RELAXED) % one_of != 0) return 0;
    __atomic_fetch_add(&switches->failed, 1, __ATOMIC_RELAXED);
    return 1;
}

struct entry {
    char what, file, unused[6];
    uint64_t at, length;
};

static void note(char what, int file, uint64_t at, const void *data, uint64_t length) {
    if (journal < 0) return;
    struct entry entry = {what, (char)file, {0}, at, length};
    struct iovec parts[2] = {{&entry, sizeof entry}, {(void *)data, data ? length : 0}};
    syscall(SYS_writev, journal, parts, 2);
}

static ssize_t written(int fd, const void *data, size_t length, off_t at, int by_place) {
    return by_place ? syscall(SYS_pwrite64, fd, data, length, at) : syscall(SYS_write, fd, data, length);
}

static ssize_t put(int fd, const void *data, size_t length, off_t at, int by_place) {
    int file = switches || journal >= 0 ? which(fd) : 0;
    if (!file) return written(fd, data, length, at, by_place);
    uint64_t place = by_place ? at : lseek(fd, 0, SEEK_CUR);
    int kind = switches ? switches->write_fails : NONE;
    if (kind != NONE && its_turn()) {
        if (kind == FULL) return errno = ENOSPC, -1;
        if (kind == IO_ERROR || length < 2) return errno = EIO, -1;
        length /= 2;
    } else {
        kind = NONE;
    }
    ssize_t done = written(fd, data, length, at, by_place);
    if (done > 0) note('W', file, place, data, done);
    if (kind == TORN) return errno = EIO, -1;
    return done;
}

ssize_t write(int fd, const void *data, size_t length) { return put(fd, data, length, 0, 0); }
ssize_t pwrite(int fd, const void *data, size_t length, off_t at) { return put(fd, data, length, at, 1); }
ssize_t pwrite64(int fd, const void *data, size_t length, off64_t at) { return put(fd, data, length, at, 1); }

static int flush(int fd, long call) {
    int file = switches || journal >= 0 ? which(fd) : 0;
    if (!file) return syscall(call, fd);
    /* What is noted from here on may not be flushed by this call. */
    uint64_t before = journal >= 0 ? lseek(journal, 0, SEEK_END) : 0;
    if (switches && switches->flush_fails && its_turn()) {
        note('F', file, before, NULL, 0);
        return errno = EIO, -1;
    }
    int failed = syscall(call, fd);
    if (failed == 0) note('S', file, before, NULL, 0);
    return failed;
}

int fsync(int fd) { return flush(fd, SYS_fsync); }
int fdatasync(int fd) { return flush(fd, SYS_fdatasync); }

static int cut(int fd, off_t length) {
    int failed = syscall(SYS_ftruncate, fd, length);
    int file = journal >= 0 && failed == 0 ? which(fd) : 0;
    if (file) note('T', file, length, NULL, 0);
    return failed;
}

int ftruncate(int fd, off_t length) { return cut(fd, length); }
int ftruncate64(int fd, off64_t length) { return cut(fd, length); }

int clock_gettime(clockid_t clock, struct timespec *time) {
    int failed = syscall(SYS_clock_gettime, clock, time);
    if (failed || !switches || (clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE)) return failed;
    int64_t ahead = switches->ahead;
    time->tv_sec += ahead / 1000;
    time->tv_nsec += ahead % 1000 * 1000000;
    if (time->tv_nsec < 0) time->tv_nsec += 1000000000, time->tv_sec--;
    if (time->tv_nsec >= 1000000000) time->tv_nsec -= 1000000000, time->tv_sec++;
    return 0;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    (void)zone;
    struct timespec time;
    int failed = clock_gettime(CLOCK_REALTIME, &time);
    if (!failed) now->tv_sec = time.tv_sec, now->tv_usec = time.tv_nsec / 1000;
    return failed;
}

time_t time(time_t *now) {
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    if (now) *now = time.tv_sec;
    return time.tv_sec;
}
