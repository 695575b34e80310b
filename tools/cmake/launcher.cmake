# How trainings and analyses are started: `launch` in the build tree, which every such command names, runs
# its arguments here, or sends them to a cluster. What it does is in no command, so that another launcher
# makes no result stale.

set(RUNS_AT_ONCE auto CACHE STRING
    "How many runs train side by side, sharing the cores; auto: as many as there are cores")
set(LAUNCHER local CACHE STRING "What starts trainings and analyses: local, here; slurm, as jobs of Slurm")
set_property(CACHE LAUNCHER PROPERTY STRINGS local slurm)
set(SLURM_PARTITION "" CACHE STRING "Slurm: the partition of jobs; empty: the default one")
set(SLURM_CORES 1 CACHE STRING "Slurm: cores of a job, and threads of what runs in it")
set(SLURM_MEMORY "" CACHE STRING "Slurm: memory of a job, as in 500M; empty: the partition's default")
set(SLURM_TIME "" CACHE STRING "Slurm: a job's time limit, as in 2:00:00; a training goes on in another job")
set(SLURM_OPTIONS "" CACHE STRING "Slurm: more options of srun, separated by semicolons")

if(NOT RUNS_AT_ONCE MATCHES "^(auto|[1-9][0-9]?[0-9]?)$")
  message(FATAL_ERROR "RUNS_AT_ONCE is auto or a number of runs, 1 to 999, not \"${RUNS_AT_ONCE}\"")
endif()
if(NOT LAUNCHER MATCHES "^(local|slurm)$")
  message(FATAL_ERROR "LAUNCHER is local or slurm, not \"${LAUNCHER}\"")
endif()
if(NOT SLURM_CORES MATCHES "^[1-9][0-9]?[0-9]?$")
  message(FATAL_ERROR "SLURM_CORES is a number of cores, 1 to 999, not \"${SLURM_CORES}\"")
endif()

# count_cores(VARIABLE): the number of threads of a training run that has the machine to itself:
# OMP_NUM_THREADS, or the number of cores of this process (tools/base/cores.h).
function(count_cores variable)
  if("$ENV{OMP_NUM_THREADS}" MATCHES "^[1-9][0-9]*")
    set(${variable} ${CMAKE_MATCH_0} PARENT_SCOPE)
    return()
  endif()
  set(tools ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/..)
  if(GROKKING_PROGRAMS)
    execute_process(COMMAND ${GROKKING_PROGRAMS}/count-cores RESULT_VARIABLE status OUTPUT_VARIABLE cores
      OUTPUT_STRIP_TRAILING_WHITESPACE)
  else()
    try_run(status compiled
      SOURCES ${tools}/cmake/count-cores.c ${tools}/base/cores.c
      NO_CACHE
      CMAKE_FLAGS -DINCLUDE_DIRECTORIES=${tools}
      COMPILE_DEFINITIONS -D_GNU_SOURCE
      RUN_OUTPUT_STDOUT_VARIABLE cores)
    string(STRIP "${cores}" cores)
  endif()
  if(NOT status EQUAL 0 OR NOT cores MATCHES "^[1-9][0-9]*$")
    message(FATAL_ERROR "Cannot count the cores: count-cores does not compile or run")
  endif()
  set(${variable} ${cores} PARENT_SCOPE)
endfunction()

# RUNS_AT_ONCE runs are trained in parallel, by default one per core: on two cores, two single-threaded
# runs side by side finish 20 % sooner than one after the other with two threads each. They share the
# cores through the file runs/cores, so that the last ones get several (base/share.h). A run takes tens
# of megabytes, some hundreds at p = 401: memory does not limit their number.
#
# The mainline's training is not in Ninja's job pool for runs. It uses the console pool, to have the
# terminal for its progress; if RUNS_AT_ONCE is 1, all runs and their analyses do. Otherwise the
# mainline's analyses do not: while a program has the terminal, Ninja reports little of other jobs, and
# `ninja -n` would omit trainings. None of this is in a command, so that changing RUNS_AT_ONCE makes no
# run stale.
#
# A cluster is given as many runs as Ninja's -j allows, and analyses too; the terminal is for `ninja watch`.
# What is made here then has a pool of its own, since -j says nothing of this machine.
count_cores(cores)
set(runs_at_once ${RUNS_AT_ONCE})
if(RUNS_AT_ONCE STREQUAL auto AND LAUNCHER STREQUAL slurm)
  set(runs_at_once 999)
elseif(RUNS_AT_ONCE STREQUAL auto)
  set(runs_at_once ${cores})
endif()
set(analyses_at_once 1)
if(LAUNCHER STREQUAL slurm)
  set(analyses_at_once ${runs_at_once})
  set(CMAKE_JOB_POOL_COMPILE here)
  set(CMAKE_JOB_POOL_LINK here)
endif()
set(GROKKING_RUNS_AT_ONCE ${runs_at_once} CACHE INTERNAL "")
set_property(GLOBAL APPEND PROPERTY JOB_POOLS
  training=${runs_at_once} analysis=${analyses_at_once} here=${cores})

# turn_of(VARIABLE RUN POOL): the arguments of add_custom_command() that put a program of RUN into its job
# pool, or onto the terminal.
function(turn_of variable run pool)
  if(NOT LAUNCHER STREQUAL slurm AND
     (GROKKING_RUNS_AT_ONCE EQUAL 1 OR "${run} ${pool}" STREQUAL "mainline training"))
    set(${variable} USES_TERMINAL PARENT_SCOPE)
  else()
    set(${variable} JOB_POOL ${pool} PARENT_SCOPE)
  endif()
endfunction()

# turn_here(VARIABLE): the same for programs that run here whatever the launcher.
function(turn_here variable)
  set(${variable} PARENT_SCOPE)
  if(LAUNCHER STREQUAL slurm)
    set(${variable} JOB_POOL here PARENT_SCOPE)
  endif()
endfunction()

# write_launcher(): `launch` in the build tree: launch RUN_DIR PROGRAM ARGUMENT...
function(write_launcher)
  set(command [[shift && exec "$@"]])
  if(LAUNCHER STREQUAL slurm)
    set(options --cpus-per-task=${SLURM_CORES})
    foreach(option PARTITION TIME)
      if(SLURM_${option})
        string(TOLOWER ${option} name)
        list(APPEND options --${name}=${SLURM_${option}})
      endif()
    endforeach()
    if(SLURM_MEMORY)
      list(APPEND options --mem=${SLURM_MEMORY})
    endif()
    list(APPEND options ${SLURM_OPTIONS})
    set(words)
    foreach(option IN LISTS options ITEMS ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/slurm.sh)
      string(REPLACE "'" "'\\''" option "${option}")
      list(APPEND words "'${option}'")
    endforeach()
    list(POP_BACK words script)
    list(JOIN words " " words)
    set(command "srun_with_options() { srun ${words} \"$@\"; }\n. ${script}")
  endif()
  file(WRITE ${CMAKE_BINARY_DIR}/launch "#!/bin/sh\n${command}\n")
  file(CHMOD ${CMAKE_BINARY_DIR}/launch
    PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
endfunction()
write_launcher()
