# cmake -DOUT=file.cc -DFUNCTION=EmbeddedTemplates -DFILES=a|b -P embed.cmake
# Writes a function that returns the files' names and bytes as raw string literals.
string(REPLACE "|" ";" files "${FILES}")
set(rows "")
foreach(file IN LISTS files)
  get_filename_component(name "${file}" NAME)
  file(READ "${file}" content)
  string(APPEND rows "      {\"${name}\", R\"VA_EMBED(${content})VA_EMBED\"},\n")
endforeach()
file(WRITE "${OUT}" "#include \"services/auth-gateway/web/embedded.h\"

namespace va::gateway {

const std::vector<EmbeddedFile>& ${FUNCTION}() {
  static const auto* const kFiles = new std::vector<EmbeddedFile>{
${rows}  };
  return *kFiles;
}

}  // namespace va::gateway
")
