# CPack runs this on the installed files before it packs them: what Debian wants to be elsewhere or
# otherwise. Manual pages and long texts are compressed, licence and changelog have Debian's form, and zsh
# looks elsewhere.
if(NOT CPACK_GENERATOR STREQUAL DEB)
  return()
endif()
set(root ${CPACK_TEMPORARY_INSTALL_DIRECTORY})
set(share ${root}${CPACK_PACKAGING_INSTALL_PREFIX}/share)
set(doc ${share}/doc/grokking)

function(run)
  execute_process(COMMAND ${ARGV} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

# The licence in Debian's form: paragraphs are divided by a dot, and lines begin with a blank.
file(STRINGS ${CPACK_GROKKING_LICENSE} licence)
set(text)
foreach(line IN LISTS licence)
  if(line MATCHES "^Copyright [(]c[)] (.*)$")
    set(holder ${CMAKE_MATCH_1})
  elseif(line STREQUAL "")
    string(APPEND text " .\n")
  elseif(NOT line STREQUAL "MIT License")
    string(APPEND text " ${line}\n")
  endif()
endforeach()
string(REGEX REPLACE "^( [.]\n)+" "" text "${text}")
set(parts)
if(CPACK_GROKKING_STATIC_GOMP)
  set(parts
"Comment: The programs have a static copy of GNU's OpenMP library, which is under the GNU General Public
 License, version 3 or later, with the GCC Runtime Library Exception, version 3.1, by which that is
 allowed. The former is in /usr/share/common-licenses/GPL-3.\n")
endif()
file(WRITE ${doc}/copyright
"Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: grokking
${parts}
Files: *
Copyright: ${holder}
License: Expat

License: Expat
${text}")
file(REMOVE ${doc}/LICENSE ${doc}/CHANGELOG.md)

execute_process(OUTPUT_FILE ${doc}/changelog COMMAND_ERROR_IS_FATAL ANY
  COMMAND ${CPACK_GROKKING_AWK} -v package=${CPACK_PACKAGE_NAME}
          -v "maintainer=${CPACK_DEBIAN_PACKAGE_MAINTAINER}"
          -f ${CPACK_GROKKING_SCRIPTS}/changelog.awk ${CPACK_GROKKING_CHANGELOG})
file(GLOB pages ${share}/man/man*/*)
run(gzip -9n ${doc}/changelog ${doc}/README.md ${pages})

file(MAKE_DIRECTORY ${share}/zsh/vendor-completions)
file(RENAME ${share}/zsh/site-functions/_grokking ${share}/zsh/vendor-completions/_grokking)
file(REMOVE_RECURSE ${share}/zsh/site-functions)

run(chmod -R u=rwX,go=rX ${root}) # whatever the umask was
