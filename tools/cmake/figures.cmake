# The figures: figure(), comparison() and film().

add_custom_target(figures)
add_custom_target(all-figures)
add_dependencies(all-figures figures)
add_custom_target(films)

# draw(TARGET FILE SPEC SPEC.ini [RUN RUN] TABLES TABLE.tsv...): a target and the rule for its FILE, .pdf,
# .svg or .png, in figures/. RUN replaces the run named in the specification. The target keeps them as its
# properties DRAWN_BY (the specification), DRAWN_FOR (the run) and DRAWN_FROM (the tables).
function(draw target file)
  cmake_parse_arguments(PARSE_ARGV 2 arg "" "SPEC;RUN" TABLES)
  list(TRANSFORM arg_TABLES PREPEND ${CMAKE_BINARY_DIR}/ OUTPUT_VARIABLE table_files)
  set(options)
  if(DEFINED arg_RUN)
    set(options --run ${arg_RUN})
  endif()
  turn_here(turn)
  add_custom_command(
    OUTPUT ${CMAKE_BINARY_DIR}/figures/${file}
    COMMAND ${GROKKING_TOOLS}/render-figure ${options} -o figures/${file} ${arg_SPEC} ${arg_TABLES}
    DEPENDS ${arg_SPEC} ${table_files} ${GROKKING_CODE}/render-figure.code
    WORKING_DIRECTORY ${CMAKE_BINARY_DIR}
    COMMENT "Drawing ${target}" ${turn} VERBATIM)
  add_custom_target(${target} DEPENDS ${CMAKE_BINARY_DIR}/figures/${file})
  set_target_properties(${target} PROPERTIES
    DRAWN_BY "${arg_SPEC}" DRAWN_FOR "${arg_RUN}" DRAWN_FROM "${arg_TABLES}")
endfunction()

# drawing(NAME SPEC SPEC.ini [RUN RUN] TABLES TABLE.tsv...): `ninja NAME` draws figures/NAME.pdf,
# `ninja NAME.svg` and `ninja NAME.png` the other two.
function(drawing name)
  draw(${name} ${name}.pdf ${ARGN})
  set_property(GLOBAL APPEND PROPERTY DRAWINGS ${name})
endfunction()

# In Ninja, a target NAME.svg of this folder would be figures/NAME.svg, the name of the picture itself;
# so these targets belong to the top folder.
function(draw_svg_and_png)
  get_property(names GLOBAL PROPERTY DRAWINGS)
  foreach(name IN LISTS names)
    get_property(spec TARGET ${name} PROPERTY DRAWN_BY)
    get_property(run TARGET ${name} PROPERTY DRAWN_FOR)
    get_property(tables TARGET ${name} PROPERTY DRAWN_FROM)
    foreach(file ${name}.svg ${name}.png)
      draw(${file} ${file} SPEC ${spec} RUN ${run} TABLES ${tables})
    endforeach()
  endforeach()
endfunction()

# figure(NAME [SWEEPS|EXPERIMENTS] [OF_A_RUN] [SPEC FILE.ini] RUN/TABLE...): figures/NAME.pdf from NAME.ini
# and the tables (.tsv) of runs, or from the TABLE of a comparison. With SWEEPS it belongs only to
# `all-figures`, with EXPERIMENTS only to `experiments`: `ninja figures` trains neither. SPEC names another
# specification, which may be of another run if all tables are of one. Specifications are looked for in the folder of the declaration, then among the defaults.
#
# A figure of one run can be drawn for any other run (figures_of). So can a figure marked OF_A_RUN,
# which is of the first table's run and shows others for comparison; those are then left out.
#
# In another project the figures of one run that this one has are known as well, and drawn of its runs only:
# standard_figures() lists them by these lines, of a run of no name.
function(figure name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "SWEEPS;EXPERIMENTS;OF_A_RUN" SPEC "")
  if("${arg_UNPARSED_ARGUMENTS}" MATCHES "^/")
    list(TRANSFORM arg_UNPARSED_ARGUMENTS REPLACE "^/(.*)" "\\1.tsv")
    set_property(GLOBAL APPEND PROPERTY STANDARD_FIGURES ${name})
    set_property(GLOBAL PROPERTY STANDARD_TABLES_${name} ${arg_UNPARSED_ARGUMENTS})
    return()
  endif()
  list(TRANSFORM arg_UNPARSED_ARGUMENTS PREPEND runs/ OUTPUT_VARIABLE tables)
  list(TRANSFORM tables APPEND .tsv)
  set(of_run)
  if(arg_SPEC)
    set(owners)
    foreach(table IN LISTS arg_UNPARSED_ARGUMENTS)
      get_filename_component(owner ${table} DIRECTORY)
      list(APPEND owners "${owner}")
    endforeach()
    list(REMOVE_DUPLICATES owners)
    if(owners MATCHES "^[^;]+$")
      set(of_run RUN ${owners})
    endif()
  else()
    set(arg_SPEC ${name}.ini)
  endif()
  default_file(spec ${arg_SPEC} figures)
  drawing(${name} SPEC ${spec} ${of_run} TABLES ${tables})
  remember_run(${name} "${arg_OF_A_RUN}" ${arg_UNPARSED_ARGUMENTS})
  if(arg_SWEEPS OR arg_EXPERIMENTS)
    set_property(GLOBAL APPEND PROPERTY PARTS_OF_SWEEPS figures/${name}.pdf)
    if(arg_SWEEPS)
      add_dependencies(all-figures ${name})
    else()
      add_dependencies(experiments ${name})
    endif()
    return()
  endif()
  add_dependencies(figures ${name})
  set_property(GLOBAL APPEND PROPERTY FIGURES ${name}.pdf)
endfunction()

# remember_run(NAME OF_A_RUN RUN/TABLE...): records for figures_of, as properties of the target NAME, the
# run that a figure is of, if it is only one or OF_A_RUN is true, and the tables that it reads of it.
function(remember_run name of_a_run first)
  get_filename_component(run ${first} DIRECTORY)
  set(tables)
  foreach(table IN LISTS first ARGN)
    get_filename_component(owner ${table} DIRECTORY)
    get_filename_component(file ${table} NAME)
    if(owner STREQUAL run)
      list(APPEND tables ${file}.tsv)
    elseif(NOT of_a_run)
      return()
    endif()
  endforeach()
  if(run)
    set_property(GLOBAL APPEND PROPERTY FIGURES_OF_A_RUN ${name})
    set_target_properties(${name} PROPERTIES RUN_SHOWN ${run} TABLES_OF_RUN "${tables}")
  endif()
endfunction()

# figures_of(RUN): a target RUN-NAME for every figure NAME of another run, unless there is a figure of
# that name. They belong to no other target: `ninja seed-1-fig03-fourier-norms` makes what it needs.
function(figures_of run)
  get_property(names GLOBAL PROPERTY FIGURES_OF_A_RUN)
  foreach(name IN LISTS names)
    get_property(own_run TARGET ${name} PROPERTY RUN_SHOWN)
    get_property(tables TARGET ${name} PROPERTY TABLES_OF_RUN)
    get_property(spec TARGET ${name} PROPERTY DRAWN_BY)
    if(run STREQUAL own_run OR TARGET ${run}-${name})
      continue()
    endif()
    list(TRANSFORM tables PREPEND runs/${run}/)
    drawing(${run}-${name} SPEC ${spec} RUN ${run} TABLES ${tables})
  endforeach()
  get_property(names GLOBAL PROPERTY STANDARD_FIGURES)
  foreach(name IN LISTS names)
    if(NOT TARGET ${run}-${name})
      get_property(tables GLOBAL PROPERTY STANDARD_TABLES_${name})
      list(TRANSFORM tables PREPEND runs/${run}/)
      drawing(${run}-${name} SPEC ${GROKKING_DEFAULTS}/figures/${name}.ini RUN ${run} TABLES ${tables})
    endif()
  endforeach()
endfunction()

function(figures_of_all_runs)
  if(NOT CMAKE_SOURCE_DIR STREQUAL GROKKING_DEFAULTS) # whose lines these are
    standard_figures()
  endif()
  get_property(runs GLOBAL PROPERTY RUNS)
  foreach(run IN LISTS runs)
    figures_of(${run})
  endforeach()
endfunction()

function(standard_figures)
  set(run)
  set(histories_beside)
  include(${GROKKING_DEFAULTS}/figures/of-a-run.cmake)
endfunction()

# comparison(NAME [SETTINGS] [OVER "SETTING..."] [ROWS TABLE] "COLUMN..." RUN/TABLE...): runs/NAME.tsv
# with one row per run, and the same in LaTeX, runs/NAME.tex; `ninja NAME` makes them. See compare-runs
# --help for columns. With SETTINGS, the settings in which the runs differ are columns too. With OVER, runs
# that differ only in these settings share a row, and there is no NAME.tex. With ROWS, a run has a row for
# each of its TABLE.
function(comparison name)
  cmake_parse_arguments(PARSE_ARGV 1 arg SETTINGS "OVER;ROWS" "")
  list(POP_FRONT arg_UNPARSED_ARGUMENTS columns)
  list(TRANSFORM arg_UNPARSED_ARGUMENTS PREPEND runs/ OUTPUT_VARIABLE files)
  list(TRANSFORM files APPEND .tsv)
  if(arg_SETTINGS OR arg_OVER)
    list(TRANSFORM files REPLACE "/[^/]+$" /config.ini OUTPUT_VARIABLE configurations)
    list(REMOVE_DUPLICATES configurations)
    list(APPEND files ${configurations})
  endif()
  set(made runs/${name}.tsv runs/${name}.tex)
  set(options --tex runs/${name}.tex)
  if(arg_OVER)
    set(made runs/${name}.tsv)
    set(options --over ${arg_OVER})
  elseif(arg_SETTINGS)
    list(APPEND options --settings)
  endif()
  if(arg_ROWS)
    list(APPEND options --rows ${arg_ROWS})
  endif()
  list(TRANSFORM files PREPEND ${CMAKE_BINARY_DIR}/ OUTPUT_VARIABLE depends)
  list(LENGTH files n)
  if(n GREATER 1000) # no shell takes a command of more than 128 KiB
    set(list ${CMAKE_BINARY_DIR}/runs/${name}.files)
    list(JOIN files "\n" files)
    file(CONFIGURE OUTPUT ${list} CONTENT "${files}\n" @ONLY)
    list(APPEND depends ${list})
    set(files --files runs/${name}.files)
  endif()
  list(TRANSFORM made PREPEND ${CMAKE_BINARY_DIR}/)
  turn_here(turn)
  add_custom_command(
    OUTPUT ${made}
    COMMAND ${GROKKING_TOOLS}/compare-runs -o runs/${name}.tsv ${options} --columns ${columns} ${files}
    DEPENDS ${depends} ${GROKKING_CODE}/compare-runs.code
    WORKING_DIRECTORY ${CMAKE_BINARY_DIR}
    COMMENT "Comparing runs: ${name}" ${turn} VERBATIM)
  add_custom_target(${name} DEPENDS ${made})
endfunction()

# tables_of_runs(VARIABLE "TABLE..." RUN...): RUN/TABLE for all combinations, run by run.
function(tables_of_runs variable names)
  separate_arguments(names)
  set(tables)
  foreach(run IN LISTS ARGN)
    foreach(name IN LISTS names)
      list(APPEND tables ${run}/${name})
    endforeach()
  endforeach()
  set(${variable} ${tables} PARENT_SCOPE)
endfunction()

# comparison_of_those_there(NAME "COLUMN..." "TABLE..." RUN...): such a comparison of those RUNs that have all
# of the TABLEs. No run is trained for it; `ninja NAME` always makes it anew.
function(comparison_of_those_there name columns tables)
  set(those_there ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/those-there.sh)
  add_custom_target(${name}
    COMMAND ${those_there} runs "${tables}" ${ARGN} --
            ${GROKKING_TOOLS}/compare-runs -o runs/${name}.tsv --tex runs/${name}.tex --columns ${columns}
    DEPENDS ${those_there} ${GROKKING_CODE}/compare-runs.code
    BYPRODUCTS ${CMAKE_BINARY_DIR}/runs/${name}.tsv ${CMAKE_BINARY_DIR}/runs/${name}.tex
    WORKING_DIRECTORY ${CMAKE_BINARY_DIR} COMMENT "Comparing the runs that there are: ${name}" VERBATIM)
endfunction()

# ---- grids: sweeps declared by one line, grid() ----

# results_of_grid(NAME): figures/NAME.pdf, for which `ninja NAME` makes the tables NAME-runs, one row per
# run, and NAME-over-seeds, one row for runs that differ only in data.seed or train.seed.
function(results_of_grid name)
  get_property(runs GLOBAL PROPERTY RUNS_OF_GRID_${name})
  list(TRANSFORM runs APPEND /history OUTPUT_VARIABLE histories)
  compare_grid(${name} "" ${histories})
  set(spec ${CMAKE_BINARY_DIR}/figures/${name}.ini)
  specify_figure_of_grid(${name} ${spec} ${runs})
  figure(${name} SWEEPS SPEC ${spec} ${histories} ${name}-runs ${name}-over-seeds)
endfunction()

# compare_grid(NAME "SETTING..." RUN/history...): the two tables, in which these settings are columns also if
# they do not differ.
function(compare_grid name settings)
  set(columns "epochs=history:epoch@last train_loss=history:train_loss@last"
              "test_loss=history:test_loss@last train_accuracy=history:train_accuracy@last"
              "test_accuracy=history:test_accuracy@last"
              "memorised=history:epoch@train_accuracy>0.99"
              "generalised=history:epoch@test_accuracy>0.99")
  list(PREPEND columns ${settings})
  list(JOIN columns " " columns)
  comparison(${name}-runs SETTINGS ${columns} ${ARGN})
  comparison(${name}-over-seeds OVER "data.seed train.seed" ${columns} ${ARGN})
endfunction()

# results_of_map(NAME): the same tables and figures/NAME.pdf for a grid with MAP. Its specification is
# NAME.ini of the folder of the declaration or of the defaults, or else one for the grid's two settings.
function(results_of_map name)
  get_property(runs GLOBAL PROPERTY RUNS_OF_GRID_${name})
  axes_of_map(${name} ${runs})
  list(TRANSFORM runs APPEND /history)
  compare_grid(${name} "${x} ${y}" ${runs})
  default_file(spec ${name}.ini figures)
  if(NOT EXISTS ${spec})
    set(spec ${CMAKE_BINARY_DIR}/figures/${name}.ini)
    configure_file(${CMAKE_CURRENT_FUNCTION_LIST_DIR}/map.ini.in ${spec} @ONLY)
  endif()
  figure(${name} EXPERIMENTS SPEC ${spec} ${name}-over-seeds)
  add_dependencies(${name} ${name}-runs)
endfunction()

# axes_of_map(NAME RUN...): sets x and y, the two settings besides seeds, x_values and x_label, and likewise
# for y.
function(axes_of_map name)
  set(keys)
  foreach(run IN LISTS ARGN)
    get_property(settings TARGET ${run} PROPERTY SETTINGS_IN_GRID)
    list(FILTER settings EXCLUDE REGEX "^[a-z]+\\.seed=")
    foreach(setting IN LISTS settings)
      if(NOT setting MATCHES "^([^=]*)=([-+]?[.0-9]+(e[-+]?[0-9]+)?)$")
        message(FATAL_ERROR "grid(${name} MAP): a map is over numbers, not ${setting}")
      endif()
      list(APPEND keys ${CMAKE_MATCH_1})
      list(APPEND "values of ${CMAKE_MATCH_1}" ${CMAKE_MATCH_2})
    endforeach()
  endforeach()
  list(REMOVE_DUPLICATES keys)
  list(LENGTH keys n)
  if(NOT n EQUAL 2)
    message(FATAL_ERROR "grid(${name} MAP): a map is over two settings besides seeds, not ${n}")
  endif()
  foreach(axis IN ITEMS x y)
    list(POP_FRONT keys key)
    list(REMOVE_DUPLICATES "values of ${key}")
    set(all "values of ${key}")
    every_nth(values 16 ${${all}})
    list(JOIN values " " values)
    string(REGEX REPLACE "^[a-z]+\\." "" label ${key})
    set(${axis} ${key} PARENT_SCOPE)
    set(${axis}_values ${values} PARENT_SCOPE)
    set(${axis}_label ${label} PARENT_SCOPE)
  endforeach()
endfunction()

# every_nth(VARIABLE MOST VALUE...): the values, or if there are more than MOST, as many at equal distances.
function(every_nth variable most)
  list(LENGTH ARGN n)
  math(EXPR step "(${n} + ${most} - 1) / ${most}")
  set(kept)
  set(i 0)
  foreach(value IN LISTS ARGN)
    math(EXPR rest "${i} % ${step}")
    if(rest EQUAL 0)
      list(APPEND kept ${value})
    endif()
    math(EXPR i "${i} + 1")
  endforeach()
  set(${variable} ${kept} PARENT_SCOPE)
endfunction()

# specify_figure_of_grid(NAME FILE.ini RUN...): writes the specification of a figure of all runs' losses,
# with the panel of epochs_of_grid().
function(specify_figure_of_grid name file)
  set(colors blue orange green vermillion purple sky-blue black yellow)
  set(lines_of_train)
  set(lines_of_test)
  set(kinds) # the distinct settings of the runs, without seeds; the index gives the colour
  foreach(run IN LISTS ARGN)
    get_property(kind TARGET ${run} PROPERTY SETTINGS_IN_GRID)
    list(FILTER kind EXCLUDE REGEX "^[a-z]+\\.seed=")
    list(JOIN kind " " kind)
    if(NOT kind)
      set(kind runs) # only seeds vary
    endif()
    set(label)
    list(FIND kinds "${kind}" place)
    if(place EQUAL -1)
      list(LENGTH kinds place)
      list(APPEND kinds "${kind}")
      string(REPLACE " " ", " label "${kind}")
      string(REGEX REPLACE "[a-z]+\\.([^=]+)=" "\\1 " label "label = ${label}\n")
    endif()
    math(EXPR place "${place} % 8")
    list(GET colors ${place} color)
    foreach(subset train test)
      string(APPEND lines_of_${subset} "[line ${run}]\ntable = ${run}/history\ny = ${subset}_loss\n"
             "color = ${color}\nstroke = 0.8\n${label}\n")
    endforeach()
  endforeach()
  epochs_of_grid(panel_of_epochs ${name} ${kinds})
  configure_file(${CMAKE_CURRENT_FUNCTION_LIST_DIR}/grid.ini.in ${file} @ONLY)
endfunction()

# epochs_of_grid(VARIABLE NAME "section.key=value..."...): a panel of epochs to generalisation against
# the first setting, with medians over seeds for each value of the second. Empty if the first setting's
# values are not numbers, or there are more than two settings.
function(epochs_of_grid variable name)
  set(${variable} "" PARENT_SCOPE)
  set(scale log)
  foreach(kind IN LISTS ARGN)
    if(NOT kind MATCHES "^([a-z]+\\.([^= ]*))=([-+.eE0-9]+)( ([^= ]*)=[^= ]*)?$")
      return()
    endif()
    set(x ${CMAKE_MATCH_1})
    set(x_label ${CMAKE_MATCH_2})
    set(group ${CMAKE_MATCH_5})
    if(NOT CMAKE_MATCH_3 GREATER 0)
      set(scale linear)
    endif()
  endforeach()
  set(medians "label = Median over seeds\n")
  if(group)
    string(REGEX REPLACE "^[a-z]+\\." "" label ${group})
    set(medians "label = Median, ${label} {}\ngroup = ${group}\n")
  endif()
  set(panel "[panel epochs]\ntitle = Epochs to 99% test accuracy\nlegend = inside\nx = ${x}\nx.label = ${x_label}\n"
            "x.scale = ${scale}\ny.label = Epoch\n\n"
            "[scatter runs]\ntable = ${name}-runs\ny = generalised\nlabel = A run\ncolor = grey\n\n"
            "[line medians]\ntable = ${name}-over-seeds\ny = generalised_median\n${medians}"
            "marker = diamond\nmarker.size = 4\n")
  string(CONCAT panel ${panel})
  set(${variable} "${panel}" PARENT_SCOPE)
endfunction()

# results_of_grids(): of those declared since it was called last.
function(results_of_grids)
  get_property(grids GLOBAL PROPERTY GRIDS)
  foreach(name IN LISTS grids)
    results_of_grid(${name})
  endforeach()
  get_property(maps GLOBAL PROPERTY MAPS)
  foreach(name IN LISTS maps)
    results_of_map(${name})
  endforeach()
  set_property(GLOBAL PROPERTY GRIDS)
  set_property(GLOBAL PROPERTY MAPS)
endfunction()

# ---- films ----

# film(NAME RUN [SPEC FILE.ini] TABLE...): `ninja NAME` draws figures/NAME.gif of a run from NAME.ini, or
# another specification, whose tables RUN/TABLE hold the rows of many snapshots. A TABLE is one that
# checkpoint-to-spectrum writes; with columns, as in activations:a,b,neuron_0, only these. The
# specification can also show RUN/history. Films belong to `ninja films` alone.
function(film name run)
  cmake_parse_arguments(PARSE_ARGV 2 arg "" SPEC "")
  set(options)
  if(arg_SPEC)
    set(options --run ${run})
  else()
    set(arg_SPEC ${name}.ini)
  endif()
  default_file(spec ${arg_SPEC} figures)
  turn_here(turn)
  set(tables ${arg_UNPARSED_ARGUMENTS})
  list(TRANSFORM tables REPLACE ":.*" "")
  list(TRANSFORM tables REPLACE "(.+)" "films/${run}/\\1.tsv")
  list(APPEND tables runs/${run}/history.tsv)
  list(TRANSFORM tables PREPEND ${CMAKE_BINARY_DIR}/ OUTPUT_VARIABLE table_files)
  add_custom_command(
    OUTPUT ${CMAKE_BINARY_DIR}/figures/${name}.gif
    COMMAND ${GROKKING_TOOLS}/render-film ${options} -o figures/${name}.gif ${spec} ${tables}
    DEPENDS ${spec} ${table_files} ${GROKKING_CODE}/render-film.code
    WORKING_DIRECTORY ${CMAKE_BINARY_DIR}
    COMMENT "Drawing ${name}" ${turn} VERBATIM)
  add_custom_target(${name} DEPENDS ${CMAKE_BINARY_DIR}/figures/${name}.gif)
  add_dependencies(films ${name})
  set_property(GLOBAL APPEND PROPERTY FILMS ${name})
  set_property(GLOBAL APPEND PROPERTY FILMED ${run})
  set_property(GLOBAL APPEND PROPERTY FILMED_OF_${run} ${arg_UNPARSED_ARGUMENTS})
endfunction()

# take_frames(), after the last film: the tables in films/RUN that the films of each run show, all measured
# at once, snapshot by snapshot. A film has at most 120 frames, of which half are spaced evenly and the
# others are where the losses move (tools/measures/epochs.h).
function(take_frames)
  get_property(runs GLOBAL PROPERTY FILMED)
  list(REMOVE_DUPLICATES runs)
  set_property(GLOBAL PROPERTY FILMED)
  foreach(run IN LISTS runs)
    get_property(tables GLOBAL PROPERTY FILMED_OF_${run})
    list(REMOVE_DUPLICATES tables)
    list(JOIN tables " " only)
    list(TRANSFORM tables REPLACE ":.*" "")
    list(TRANSFORM tables REPLACE "(.+)" "${CMAKE_BINARY_DIR}/films/${run}/\\1.tsv")
    turn_of(turn ${run} analysis)
    add_custom_command(
      OUTPUT ${tables}
      COMMAND ./launch films/${run} ${GROKKING_TOOLS}/checkpoint-to-spectrum -o films/${run} --epochs all
              --only ${only} --at-most 120 --history runs/${run}/history.tsv runs/${run}/trajectory.safetensors
      DEPENDS ${CMAKE_BINARY_DIR}/runs/${run}/trajectory.safetensors
              ${CMAKE_BINARY_DIR}/runs/${run}/history.tsv
              ${GROKKING_CODE}/checkpoint-to-spectrum.code
      WORKING_DIRECTORY ${CMAKE_BINARY_DIR}
      COMMENT "Taking the frames of ${run}" ${turn} VERBATIM)
    add_custom_target(frames-of-${run} DEPENDS ${tables}) # films may be other folders'
  endforeach()
endfunction()

