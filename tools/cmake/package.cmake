# `ninja package`, or `cpack` in a build tree: a Debian package, grokking_VERSION_ARCHITECTURE.deb, where
# there is dpkg-shlibdeps; elsewhere an archive. What Debian has differently is done by debian.cmake. Two
# builds of the same sources make the same bytes.
set(PACKAGE_MAINTAINER "The grokking reproduction authors <authors@grokking.invalid>" CACHE STRING
    "Whom a package names as its maintainer: Name <address>")
mark_as_advanced(PACKAGE_MAINTAINER)
find_program(DPKG_SHLIBDEPS dpkg-shlibdeps)
mark_as_advanced(DPKG_SHLIBDEPS)

set(CPACK_GENERATOR TGZ)
if(DPKG_SHLIBDEPS)
  set(CPACK_GENERATOR DEB)
endif()
set(CPACK_SOURCE_GENERATOR TGZ)
set(CPACK_SOURCE_IGNORE_FILES /build/ /[.]git/ /[.]git$)
set(CPACK_PACKAGE_VENDOR "The grokking reproduction authors")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "small transformers until they grok, taken apart")
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS # whatever the umask
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_VERBATIM_VARIABLES ON)

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_MAINTAINER ${PACKAGE_MAINTAINER})
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
"Reproduces \"Progress measures for grokking via mechanistic interpretability\"
(Nanda, Chan, Lieberum, Smith, Steinhardt, ICLR 2023) in C.
.
One tool trains the paper's one-layer transformer on addition modulo 113,
or other small networks on other tasks, with the same bits on every machine.
Others take its snapshots apart in Fourier space, measure its progress, judge
the paper's claims, and draw the figures. Checkpoints of PyTorch and
TransformerLens open as they are.
.
On amd64 it needs a processor with AVX2 and FMA.")
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS fonts-inter) # figures are drawn with it
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "cmake (>= 3.25), ninja-build") # for builds that use its functions
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "opencl-icd, python3-numpy")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)

# What the scripts below need to know.
set(CPACK_GROKKING_CHANGELOG ${GROKKING_CHANGELOG})
set(CPACK_GROKKING_DATE ${GROKKING_DATE})
set(CPACK_GROKKING_LICENSE ${PROJECT_SOURCE_DIR}/LICENSE)
set(CPACK_GROKKING_SCRIPTS ${PROJECT_SOURCE_DIR}/tools/package)
set(CPACK_GROKKING_AWK ${AWK})
set(CPACK_GROKKING_STATIC_GOMP ${STATIC_GOMP})
set(CPACK_PROJECT_CONFIG_FILE ${PROJECT_SOURCE_DIR}/tools/cmake/package_date.cmake)
set(CPACK_PRE_BUILD_SCRIPTS ${PROJECT_SOURCE_DIR}/tools/cmake/debian.cmake)
include(CPack)
