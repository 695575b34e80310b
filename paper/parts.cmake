# cmake -D FILES=... -D LIST=FILE -P parts.cmake: writes those of FILES that exist, with their digests.
# A list that is the same as the old one is left alone.
set(parts "")
foreach(file IN LISTS FILES)
  if(EXISTS ${file})
    file(SHA256 ${file} digest)
    string(APPEND parts "${digest}  ${file}\n")
  endif()
endforeach()
file(WRITE ${LIST}.new "${parts}")
file(COPY_FILE ${LIST}.new ${LIST} ONLY_IF_DIFFERENT)
file(REMOVE ${LIST}.new)
