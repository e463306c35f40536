#include "tools/signinctl/verbs.h"

#include "tools/signinctl/completion.h"

namespace va::signinctl {
namespace {

Verb Completion() {
  Verb verb;
  verb.name = "completion";
  verb.summary = "print the completion script of a shell";
  verb.example = "signinctl completion bash > ~/.local/share/bash-completion/completions/signinctl";
  verb.positionals = {{"SHELL", "bash or zsh"}};
  verb.run = [](const Arguments& arguments, const World& /*world*/) {
    Result result;
    result.text = CompletionScript(arguments.Text("SHELL"), Verbs());
    if (result.text.empty()) return Misuse("there are scripts for bash and zsh");
    return result;
  };
  return verb;
}

}  // namespace

const std::vector<Verb>& Verbs() {
  static const auto* const verbs = new std::vector<Verb>{
      // NOLINT(cppcoreguidelines-owning-memory)
      AccountForget(),     AccountList(), AccountLock(), AccountShow(), AccountUnlock(),
      AttributesExplain(), AuditVerify(), Codes(),       Completion(),  ExplainAttempt(),
      JoseDecrypt(),       JoseVerify(),  KeysCreate(),  KeysList(),    KeysPublish(),
      KeysRetire(),        KeysRewrap(),  KeysRotate(),  KeysStatus(),  MergeAccept(),
      MergeList(),         MergeReject(), MergeRevert(), MergeShow(),   MetadataShow(),
      MigrateStatus(),     MigrateUp(),   MpiBuild(),    MpiFind(),     MpiParse(),
      PolicyCheck(),       PolicyDiff(),  Rpc(),         SamlVerify(),  SamlVerifyLogout(),
  };
  return *verbs;
}

}  // namespace va::signinctl
