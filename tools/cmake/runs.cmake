# The runs: run(), sweep(), experiment() and grid().

set(OVERRIDES "" CACHE STRING
    "Settings for all runs whose own lines leave them open: section.key=value;section.key=value")
foreach(override IN LISTS OVERRIDES)
  if(NOT override MATCHES "^[^=]+=")
    message(FATAL_ERROR "OVERRIDES: expected section.key=value, found \"${override}\"")
  endif()
endforeach()

# The runs of sweep() and of experiment().
add_custom_target(sweeps)
add_custom_target(experiments)

# open_overrides(VARIABLE RUN section.key=value...): those of OVERRIDES that apply to RUN, given the
# settings of its own line. A line's settings define the run, so that no override changes them;
# finish_runs() reports overrides that would.
function(open_overrides variable run)
  set(open)
  foreach(override IN LISTS OVERRIDES)
    string(REGEX MATCH "^[^=]*=" key "${override}")
    set(own)
    foreach(setting IN LISTS ARGN)
      string(FIND "${setting}" "${key}" position)
      if(position EQUAL 0)
        set(own ${setting})
      endif()
    endforeach()
    if(NOT own)
      list(APPEND open ${override})
    elseif(NOT own STREQUAL override)
      string(REPLACE "${key}" "" value ${own})
      set_property(GLOBAL APPEND PROPERTY "KEPT ${override}" "${run} (${value})")
    endif()
  endforeach()
  set(${variable} ${open} PARENT_SCOPE)
endfunction()

# train(VARIABLE RUN): trains RUN from its config.ini. VARIABLE: the files of the results.
function(train variable run)
  set(dir ${CMAKE_BINARY_DIR}/runs/${run})
  # When Ninja trains, existing results are out of date: --restart replaces them.
  set(options -o runs/${run} --restart --share runs/cores --progress runs/${run}/progress.log)
  if(NOT run STREQUAL mainline) # whose progress is also in the build log
    list(APPEND options --quiet)
  endif()
  set(results ${dir}/trajectory.safetensors ${dir}/history.tsv)
  turn_of(turn ${run} training)
  add_custom_command(
    OUTPUT ${results}
    COMMAND ./launch runs/${run} ${GROKKING_TOOLS}/train ${options} runs/${run}/config.ini
    DEPENDS ${dir}/config.ini ${GROKKING_CODE}/train.code
    WORKING_DIRECTORY ${CMAKE_BINARY_DIR}
    COMMENT "Training ${run}" ${turn} VERBATIM)
  set(${variable} ${results} PARENT_SCOPE)
endfunction()

# The tables that each tool writes: one list for the programs and the build.
set(tables_def ${CMAKE_CURRENT_LIST_DIR}/../measures/tables.def)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${tables_def})
file(STRINGS ${tables_def} tables_of_tools REGEX "^TABLE\\(")
set(GROKKING_TABLES "${tables_of_tools}" CACHE INTERNAL "")

# analysis(VARIABLE RUN TOOL COMMENT "What it does" [OUTPUT PATH] [OPTIONS option...]): TOOL reads the
# trajectory of RUN and writes its tables into the run's folder. VARIABLE: their files. OUTPUT, if it is
# not that folder, is what the tool's -o names.
function(analysis variable run tool)
  cmake_parse_arguments(PARSE_ARGV 3 arg "" "COMMENT;OUTPUT" "OPTIONS")
  if(NOT arg_OUTPUT)
    set(arg_OUTPUT runs/${run})
  endif()
  string(REPLACE - _ name ${tool})
  set(tables ${GROKKING_TABLES})
  list(FILTER tables INCLUDE REGEX "^TABLE\\(${name}, ")
  list(TRANSFORM tables REPLACE "^[^\"]*\"([^\"]*)\".*" "${CMAKE_BINARY_DIR}/runs/${run}/\\1")
  turn_of(turn ${run} analysis)
  add_custom_command(
    OUTPUT ${tables}
    COMMAND ./launch runs/${run} ${GROKKING_TOOLS}/${tool} -o ${arg_OUTPUT} ${arg_OPTIONS}
            runs/${run}/trajectory.safetensors
    DEPENDS ${CMAKE_BINARY_DIR}/runs/${run}/trajectory.safetensors ${GROKKING_CODE}/${tool}.code
    WORKING_DIRECTORY ${CMAKE_BINARY_DIR}
    COMMENT "${arg_COMMENT}" ${turn} VERBATIM)
  set(${variable} ${tables} PARENT_SCOPE)
endfunction()

# analyse(VARIABLE RUN TASK OPERATION): the analyses of RUN that its task and operation allow: none but of
# pairs; of a product or a quotient that over discrete logarithms; and all others of a sum or a difference.
# VARIABLE: the files of their tables.
function(analyse variable run task operation)
  set(${variable} PARENT_SCOPE)
  if(NOT task STREQUAL pairs)
    return()
  endif()
  analysis(components ${run} checkpoint-to-spectrum COMMENT "Taking ${run} apart in Fourier space")
  if(operation MATCHES "^(multiply|divide)$")
    analysis(logarithms ${run} discrete-logarithms COMMENT "Taking logarithms in ${run}")
  endif()
  set(${variable} ${components} ${logarithms} PARENT_SCOPE)
  if(NOT operation MATCHES "^(add|subtract)$")
    return()
  endif()
  analysis(ablations ${run} ablate COMMENT "Removing frequencies and parts from ${run}")
  analysis(progress ${run} progress-measures COMMENT "Measuring the progress of ${run}"
    OUTPUT runs/${run}/progress-measures.tsv OPTIONS --tables runs/${run})
  analysis(algorithm ${run} trace-algorithm COMMENT "Following a pair through ${run}")
  analysis(planes ${run} principal-components COMMENT "Finding the principal components of ${run}")
  analysis(clocks ${run} clock-or-pizza COMMENT "Asking whether ${run} is a clock or a pizza")
  set(${variable} ${components} ${ablations} ${progress} ${algorithm} ${planes} ${clocks} PARENT_SCOPE)
endfunction()

# value_of(VARIABLE SECTION.KEY DEFAULT FILES section.key=value...): what the last of a run's files and
# settings says of a word. (Of the files' sections, no two have a key of the same name among those that are
# asked for here.)
function(value_of variable name default files)
  set(value ${default})
  string(REGEX REPLACE ".*\\." "" key ${name})
  foreach(file IN LISTS files)
    file(STRINGS ${file} lines REGEX "^[ \t]*${key}[ \t]*=")
    foreach(line IN LISTS lines)
      string(REGEX REPLACE "^[^=]*=[ \t]*([a-z-]*).*" "\\1" value "${line}")
    endforeach()
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
  endforeach()
  foreach(setting IN LISTS ARGN)
    if(setting MATCHES "^([^=]*)=(.*)$" AND CMAKE_MATCH_1 STREQUAL name)
      set(value ${CMAKE_MATCH_2})
    endif()
  endforeach()
  set(${variable} ${value} PARENT_SCOPE)
endfunction()

# find_files(VARIABLE SETTINGS): VARIABLE becomes those settings with the files of data.table and
# train.from found in the folder of the declaration if they are relative, and named from the build tree, where programs run,
# if they are made there; VARIABLE_files the files.
function(find_files variable settings)
  set(found)
  set(files)
  foreach(setting IN LISTS settings)
    if(setting MATCHES "^(data\\.table|train\\.from)=(.+)$")
      set(key ${CMAKE_MATCH_1})
      get_filename_component(file "${CMAKE_MATCH_2}" ABSOLUTE BASE_DIR ${CMAKE_CURRENT_SOURCE_DIR})
      list(APPEND files ${file})
      cmake_path(IS_PREFIX CMAKE_BINARY_DIR "${file}" is_made)
      if(is_made)
        cmake_path(RELATIVE_PATH file BASE_DIRECTORY ${CMAKE_BINARY_DIR})
      endif()
      set(setting ${key}=${file})
    endif()
    list(APPEND found ${setting})
  endforeach()
  set(${variable} ${found} PARENT_SCOPE)
  set(${variable}_files ${files} PARENT_SCOPE)
endfunction()

# run(NAME [CELL] file.ini... section.key=value...): a training run and its analyses, or, of a CELL of a map
# of many runs, the training alone. Files are read in order, then, for pairs at the quick scale, quick.ini,
# then the cache variable OVERRIDES; the settings of the line override all of them. The files of data.table
# and train.from are looked for in the folder of the declaration; so are the .ini files, and then among the
# defaults.
#
# Training depends not on these files but on config.ini, the canonical dump of the resulting
# configuration. It is replaced only if it differs: comments, order and explicit defaults do not matter.
function(run name)
  cmake_parse_arguments(PARSE_ARGV 1 arg CELL "" "")
  set(files ${arg_UNPARSED_ARGUMENTS})
  list(FILTER files EXCLUDE REGEX =)
  set(named ${files})
  set(files)
  foreach(file IN LISTS named)
    default_file(file ${file} configs)
    list(APPEND files ${file})
  endforeach()
  set(settings ${arg_UNPARSED_ARGUMENTS})
  list(FILTER settings INCLUDE REGEX =)
  find_files(settings "${settings}")
  open_overrides(overrides ${name} ${settings})
  value_of(task data.task pairs "${files}" ${overrides} ${settings})
  value_of(operation data.operation add "${files}" ${overrides} ${settings})
  if(NOT task STREQUAL pairs) # which alone have these settings
    list(FILTER overrides EXCLUDE REGEX "^data\\.(modulus|operation|train_fraction|equals|table|answers)=")
    list(FILTER overrides EXCLUDE REGEX "^model\\.output_equals=")
  endif()
  if(SCALE STREQUAL quick AND task STREQUAL pairs)
    list(APPEND files ${GROKKING_DEFAULTS}/configs/quick.ini)
  endif()

  set(config ${CMAKE_BINARY_DIR}/runs/${name}/config.ini)
  turn_here(turn)
  add_custom_command(
    OUTPUT ${config}
    COMMAND ${GROKKING_TOOLS}/train --dump-config runs/${name}/config.ini ${files} ${overrides} ${settings}
    DEPENDS ${files} ${settings_files} ${GROKKING_CODE}/train.code
    WORKING_DIRECTORY ${CMAKE_BINARY_DIR}
    COMMENT "Reading the settings of ${name}" ${turn} VERBATIM)
  set_property(GLOBAL APPEND PROPERTY CONFIGURATIONS ${config})
  set_property(GLOBAL APPEND PROPERTY DECLARED_RUNS ${name})
  train(results ${name})
  if(arg_CELL)
    add_custom_target(${name} DEPENDS ${results})
    return()
  endif()
  analyse(tables ${name} ${task} ${operation})
  add_custom_target(${name} DEPENDS ${results} ${tables})
  if(task STREQUAL pairs AND operation MATCHES "^(add|subtract)$")
    set_property(GLOBAL APPEND PROPERTY RUNS ${name}) # which other runs' figures may be of
  endif()
endfunction()

# finish_runs(), after the last run: `ninja configurations` brings every config.ini up to date, `ninja status`
# lists all runs, and `ninja watch TARGET...` those that are trained or queued for the targets, while they are;
# reports what OVERRIDES does not reach.
function(finish_runs)
  get_property(configurations GLOBAL PROPERTY CONFIGURATIONS)
  add_custom_target(configurations DEPENDS ${configurations})
  get_property(names GLOBAL PROPERTY DECLARED_RUNS)
  list(JOIN names "\n" names)
  file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/runs/declared.txt CONTENT "${names}\n" @ONLY) # if it differs
  set(list_runs ${GROKKING_TOOLS}/list-runs --declared runs/declared.txt)
  add_custom_target(status COMMAND ${list_runs}
    DEPENDS ${GROKKING_CODE}/list-runs.code
    WORKING_DIRECTORY ${CMAKE_BINARY_DIR}
    COMMENT "Looking at all runs" USES_TERMINAL VERBATIM)
  add_custom_target(watch
    COMMAND ${list_runs} --state training,started,queued,failed --watch 2
    DEPENDS ${GROKKING_CODE}/list-runs.code
    WORKING_DIRECTORY ${CMAKE_BINARY_DIR}
    COMMENT "Watching runs that are trained" USES_TERMINAL VERBATIM)
  get_property(maps GLOBAL PROPERTY ALL_MAPS)
  foreach(override IN LISTS OVERRIDES)
    get_property(kept GLOBAL PROPERTY "KEPT ${override}")
    if(kept)
      foreach(map IN LISTS maps) # which has hundreds
        string(REGEX REPLACE "[^-A-Za-z0-9_]" "." pattern "${map}")
        list(TRANSFORM kept REPLACE "^${pattern}-[-+.0-9e]+ .*" "the runs of ${map}")
      endforeach()
      list(REMOVE_DUPLICATES kept)
      list(JOIN kept ", " kept)
      message(NOTICE "OVERRIDES: ${override} does not reach the runs whose own lines set it: ${kept}")
    endif()
  endforeach()
endfunction()

# sweep(NAME [IN GROUP] file.ini... section.key=value... [READS TABLE...]): a run of `ninja sweeps` and, if
# it is in a group, of `ninja sweep-GROUP`: they train it and make its tables READS, which figures use
# besides its history. experiment() is the same for `ninja experiments` and `ninja experiment-GROUP`.
macro(sweep name)
  collected_run(sweep ${name} ${ARGN})
endmacro()
macro(experiment name)
  collected_run(experiment ${name} ${ARGN})
endmacro()

# collected_run(sweep|experiment NAME ...): what both do.
function(collected_run kind name)
  cmake_parse_arguments(PARSE_ARGV 2 arg "" "IN" "READS")
  run(${name} ${arg_UNPARSED_ARGUMENTS})
  list(TRANSFORM arg_READS PREPEND ${CMAKE_BINARY_DIR}/runs/${name}/)
  list(TRANSFORM arg_READS APPEND .tsv)
  set(made ${name}-swept)
  add_custom_target(${made} DEPENDS ${CMAKE_BINARY_DIR}/runs/${name}/history.tsv ${arg_READS})
  add_dependencies(${kind}s ${made})
  if(arg_IN)
    if(NOT TARGET ${kind}-${arg_IN})
      add_custom_target(${kind}-${arg_IN})
    endif()
    add_dependencies(${kind}-${arg_IN} ${made})
  endif()
endfunction()

# grid(NAME [MAP] file.ini... section.key=value... "section.key=VALUE VALUE..."...): a sweep for every
# combination of the values, named NAME-VALUE-VALUE..., with the files and the other settings in common;
# "data.seed,train.seed=VALUE VALUE..." gives each value to both. `ninja NAME` trains and compares them and
# draws figures/NAME.pdf (results_of_grid() in figures.cmake).
#
# With MAP, for two settings with ascending values and up to a thousand runs, the figure is a map over these
# settings. The runs are trained and no more: they have no analyses and no figures of their own, and belong
# to NAME alone, which is one of the experiments.
function(grid name)
  cmake_parse_arguments(PARSE_ARGV 1 arg MAP "" "")
  set(common ${arg_UNPARSED_ARGUMENTS})
  list(FILTER common EXCLUDE REGEX "=.* ")
  set(axes ${arg_UNPARSED_ARGUMENTS})
  list(FILTER axes INCLUDE REGEX "=.* ")
  if(NOT axes)
    message(FATAL_ERROR "grid(${name}): no setting has several values, as in \"train.seed=0 1 2\"")
  endif()
  set(points ${name}) # for each run: its name and settings, separated by blanks
  foreach(axis IN LISTS axes)
    string(REGEX MATCH "^[^=]*" keys "${axis}")
    string(REGEX REPLACE "^[^=]*=" "" values "${axis}")
    separate_arguments(values UNIX_COMMAND "${values}")
    set(more)
    foreach(point IN LISTS points)
      foreach(value IN LISTS values)
        string(REPLACE "," "=${value} " settings "${keys}=${value}")
        string(REGEX REPLACE "^([^ ]+)(.*)$" "\\1-${value}\\2 ${settings}" longer "${point}")
        list(APPEND more "${longer}")
      endforeach()
    endforeach()
    set(points ${more})
  endforeach()
  set(runs)
  foreach(point IN LISTS points)
    separate_arguments(settings UNIX_COMMAND "${point}")
    list(POP_FRONT settings run)
    if(arg_MAP)
      run(${run} CELL ${common} ${settings})
    else()
      sweep(${run} ${common} ${settings})
    endif()
    set_property(TARGET ${run} PROPERTY SETTINGS_IN_GRID ${settings})
    list(APPEND runs ${run})
  endforeach()
  if(arg_MAP)
    set_property(GLOBAL APPEND PROPERTY MAPS ${name})
    set_property(GLOBAL APPEND PROPERTY ALL_MAPS ${name})
  else()
    set_property(GLOBAL APPEND PROPERTY GRIDS ${name})
  endif()
  set_property(GLOBAL PROPERTY RUNS_OF_GRID_${name} ${runs})
endfunction()

