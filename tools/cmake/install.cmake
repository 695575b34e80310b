# What `cmake --install` puts where, and the pages and completions among it. `grokking` is the only program
# on the path; the tools, whose names are words like "train", lie in a folder of their own. In the build
# tree pages and completions lie under share/, as they do when they are installed.
include(GNUInstallDirs)
find_program(AWK awk REQUIRED)
mark_as_advanced(AWK)

# install_program(TARGET NAME): a program that only others of ours call, without symbols and without the
# folders of libraries that the build found, unless CMAKE_INSTALL_RPATH_USE_LINK_PATH wants these.
function(install_program target name)
  install(TARGETS ${target} DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/grokking)
  install(CODE "
    set(program \"${CMAKE_INSTALL_LIBEXECDIR}/grokking/${name}\")
    cmake_path(ABSOLUTE_PATH program BASE_DIRECTORY \"\${CMAKE_INSTALL_PREFIX}\")
    execute_process(COMMAND \"${CMAKE_STRIP}\" --strip-all --remove-section=.comment
      \"\$ENV{DESTDIR}\${program}\" COMMAND_ERROR_IS_FATAL ANY)")
endfunction()

block() # its variables are its own
set(package ${PROJECT_SOURCE_DIR}/tools/package)
set(programs_dir ${CMAKE_INSTALL_LIBEXECDIR}/grokking)
set(data_dir ${CMAKE_INSTALL_DATADIR}/grokking)
get_property(programs GLOBAL PROPERTY PROGRAMS)

# The tools, and beside each the commit that it was built from.
foreach(name IN LISTS programs)
  install_program(tool-${name} ${name})
  install(FILES ${PROJECT_BINARY_DIR}/tools/${name}.commit DESTINATION ${programs_dir})
endforeach()
install(DIRECTORY ${PROJECT_SOURCE_DIR}/configs ${PROJECT_SOURCE_DIR}/figures DESTINATION ${data_dir}
  FILES_MATCHING PATTERN "*.ini" PATTERN gallery EXCLUDE)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/paper DESTINATION ${data_dir} FILES_MATCHING PATTERN "*.tsv")
install(FILES ${PROJECT_SOURCE_DIR}/README.md ${GROKKING_CHANGELOG} ${PROJECT_SOURCE_DIR}/LICENSE
  DESTINATION ${CMAKE_INSTALL_DOCDIR})

# ---- what is made of the tools' descriptions ----

if(CMAKE_CROSSCOMPILING AND NOT CMAKE_CROSSCOMPILING_EMULATOR)
  message(STATUS "No emulator to ask the tools what they are: no front end, pages or completions")
  return()
endif()

# A file changes only if what is in it does, so that a tool that was linked anew makes no page anew.
set(if_different ${CMAKE_COMMAND} -E copy_if_different)
set(described ${PROJECT_BINARY_DIR}/tools/descriptions)
file(MAKE_DIRECTORY ${described})

# describe_program(FILE PROGRAM OPTION): what the program prints.
function(describe_program file program option)
  add_custom_command(OUTPUT ${described}/${file}
    COMMAND tool-${program} ${option} > ${described}/${file}.new
    COMMAND ${if_different} ${described}/${file}.new ${described}/${file}
    BYPRODUCTS ${described}/${file}.new
    DEPENDS tool-${program}
    COMMENT "Asking ${program} what it is" VERBATIM)
endfunction()

set(descriptions)
foreach(name IN LISTS programs)
  describe_program(${name}.txt ${name} --describe)
  list(APPEND descriptions ${described}/${name}.txt)
endforeach()
set(settings ${described}/train.settings)
describe_program(train.settings train --settings)

# write_from_tables(FILE SCRIPTS script... FROM input... [PAGE tool] [NAMES YES]): a file of the build tree,
# by the scripts tools/package/SCRIPT.awk, which say what PAGE and NAMES are. FILE is appended to `made`.
file(RELATIVE_PATH to_programs ${CMAKE_INSTALL_FULL_BINDIR} ${CMAKE_INSTALL_FULL_LIBEXECDIR}/grokking)
file(RELATIVE_PATH to_data ${CMAKE_INSTALL_FULL_BINDIR} ${CMAKE_INSTALL_FULL_DATADIR}/grokking)
function(write_from_tables file)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "PAGE;NAMES" "SCRIPTS;FROM")
  set(command ${AWK} -v version=${PROJECT_VERSION} -v date=${GROKKING_DATE} -v page=${arg_PAGE}
              -v names=${arg_NAMES} -v programs=${to_programs} -v data=${to_data})
  set(sources)
  foreach(script IN LISTS arg_SCRIPTS)
    list(APPEND command -f ${package}/${script}.awk)
    list(APPEND sources ${package}/${script}.awk)
  endforeach()
  set(output ${PROJECT_BINARY_DIR}/${file})
  get_filename_component(folder ${output} DIRECTORY)
  file(MAKE_DIRECTORY ${folder})
  add_custom_command(OUTPUT ${output}
    COMMAND ${command} ${arg_FROM} > ${output}.new
    COMMAND ${CMAKE_COMMAND} -E rename ${output}.new ${output}
    DEPENDS ${arg_FROM} ${sources}
    COMMENT "Writing ${file}" VERBATIM)
  set(made ${made} ${output} PARENT_SCOPE)
endfunction()

set(made)
set(man ${CMAKE_INSTALL_MANDIR})
set(share ${CMAKE_INSTALL_DATADIR})
write_from_tables(bin/grokking SCRIPTS description roff fill FROM ${descriptions} ${package}/grokking.in)
install(PROGRAMS ${PROJECT_BINARY_DIR}/bin/grokking DESTINATION ${CMAKE_INSTALL_BINDIR})
write_from_tables(share/man/man1/grokking.1 SCRIPTS description roff fill
  FROM ${descriptions} ${package}/grokking.1.in)
install(FILES ${PROJECT_BINARY_DIR}/share/man/man1/grokking.1 DESTINATION ${man}/man1)
foreach(name IN LISTS programs)
  write_from_tables(share/man/man1/grokking-${name}.1 PAGE ${name} SCRIPTS description roff manual
    FROM ${descriptions})
  install(FILES ${PROJECT_BINARY_DIR}/share/man/man1/grokking-${name}.1 DESTINATION ${man}/man1)
endforeach()
write_from_tables(share/man/man5/grokking-settings.5 SCRIPTS description roff settings FROM ${settings})
install(FILES ${PROJECT_BINARY_DIR}/share/man/man5/grokking-settings.5 DESTINATION ${man}/man5)

set(all_tables ${descriptions} ${settings})
set(completion share/bash-completion/completions)
write_from_tables(${completion}/grokking SCRIPTS description completion.bash
  FROM ${package}/completion.bash ${all_tables})
install(FILES ${PROJECT_BINARY_DIR}/${completion}/grokking
  DESTINATION ${share}/bash-completion/completions)
write_from_tables(tools/completion.bash NAMES YES SCRIPTS description completion.bash # not installed
  FROM ${package}/completion.bash ${all_tables})
write_from_tables(share/zsh/site-functions/_grokking SCRIPTS description completion.zsh
  FROM ${all_tables})
install(FILES ${PROJECT_BINARY_DIR}/share/zsh/site-functions/_grokking
  DESTINATION ${share}/zsh/site-functions)
write_from_tables(share/fish/vendor_completions.d/grokking.fish SCRIPTS description completion.fish
  FROM ${all_tables})
install(FILES ${PROJECT_BINARY_DIR}/share/fish/vendor_completions.d/grokking.fish
  DESTINATION ${share}/fish/vendor_completions.d)
add_custom_target(manual ALL DEPENDS ${made})
endblock()
