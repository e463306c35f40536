// The pages a person sees, as pure functions: a model in, a whole HTML document out. All text of a
// page comes from messages.h or from the model, and everything from a model is escaped. Nothing
// here knows of sessions, stores or the network. An address that is neither a path of ours nor
// http(s) is never written into a page.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lib/base/signin_code.h"
#include "services/auth-gateway/domain/provisioning.h"
#include "services/auth-gateway/web/consent_text.h"

namespace va::gateway {

// One way to sign in: a button that reads "Sign in with" and the provider's name.
struct SignInOption {
  std::string name{};         // as people know it: "ID.me", "My HealtheVet"
  std::string href{};         // where the button goes: /v1/sessions/{type}/new?…
  bool available = true;      // false: shown, but as a sentence and not as a control
  std::string unavailable{};  // why, for the person; empty: a general sentence
  bool secondary = false;     // under "Other sign-in option"
  std::string create_href{};  // where an account is made; empty: not from here
};

// A message over the buttons. Its headline is an h2 under the page's h1.
struct PageNotice {
  enum class Kind { kInfo, kSuccess, kWarning };
  Kind kind = Kind::kInfo;
  std::string headline{};
  std::string text{};
};

struct SignInPage {
  std::string application_name{};  // "My HealtheVet on VA.gov"; empty: none is named
  std::vector<SignInOption> options{};
  std::vector<PageNotice> notices{};
};
std::string RenderSignInPage(const SignInPage& page);

// The page that carries a SAML message to the IdP: by itself with script, by a button without.
struct PostForm {
  enum class Purpose {
    kSignIn,
    kSignOut,        // the person is signed out here and is taken to sign out there
    kSignOutAnswer,  // tells the IdP how its request ended: to the person nothing is promised
  };
  Purpose purpose = Purpose::kSignIn;
  // The IdP's address; without fields it carries the message itself and the page is a link to it.
  std::string action{};
  std::vector<std::pair<std::string, std::string>> fields{};  // SAMLRequest, RelayState
  std::string destination_name{};  // "ID.me"; empty: "your account provider"
};
std::string RenderPostForm(const PostForm& form);

struct ErrorPage {
  std::string headline{};
  std::string what_happened{};  // one sentence
  std::string what_to_do{};
  std::string retry_url{};    // restarts with the same target; empty: the sign-in page
  std::string retry_label{};  // empty: "Sign in again"
  std::string code{};         // "101"; empty: the line is left out
  std::string request_id{};   // empty: the line is left out
};
std::string RenderErrorPage(const ErrorPage& page);

// The error page of a sign-in code with the catalogue's texts.
ErrorPage ErrorPageFor(base::SignInCode code, std::string request_id, std::string retry_url);

// The same for a refusal whose reason the person can do something about, by its tag: what was
// posted twice, an attempt that is gone, a browser that keeps no cookies. Others read as the code.
ErrorPage RefusalPageFor(base::SignInCode code, absl::string_view tag, std::string request_id,
                         std::string retry_url);

// What is no error of the person's and yet no session: each says what to do next. None shows a code
// but try later and not verified, whose codes support asks for.
ErrorPage NotSignedInPage();
ErrorPage StepUpPage(std::string request_id, std::string verify_url);
ErrorPage FactorPage(std::string request_id, std::string retry_url);
ErrorPage SignInAgainPage(std::string request_id, std::string retry_url);
ErrorPage NotVerifiedPage(base::SignInCode code, std::string request_id, std::string without_url);
ErrorPage TryLaterPage(base::SignInCode code, std::string request_id, std::string retry_url);

// A question that was put to a person who is signed in cannot be answered: because it is not theirs
// to answer, or because a system it needs is away.
ErrorPage NotInvitedPage(std::string back_url);
// A form that was answered already, or was shown to another session.
ErrorPage FormOutdatedPage(std::string again_url);
// For somebody who declined the terms of use and is signed out for that.
ErrorPage TermsDeclinedPage();
ErrorPage AnswerLaterPage(std::string request_id, std::string retry_url);

// The error page of a plain HTTP status (400, 404, 405, 408, 413, 414, 421, 431, 500, 503 …).
ErrorPage ErrorPageForStatus(int status, std::string request_id);

// /auth/login/callback when no front end is configured: how the attempt ended.
struct ResultPage {
  bool signed_in = false;
  std::string person_name{};   // shown when signed in; may be empty
  std::string csp_name{};      // "ID.me"; may be empty
  bool verified = false;       // identity proofed
  std::string continue_url{};  // where to go on; empty: no button
  std::string sign_out_url{};  // posted to by the sign-out button; empty: no button
  // What followed the session. Each part shows only when its question arose; of the proofing
  // nothing but an invitation does: a no needs no words, since nobody asked for it.
  Provisioning provisioning{};
  std::string terms_url{};    // where terms are answered
  std::string consent_url{};  // where an invitation leads
  std::string reload_url{};   // this page again, while something is pending
  std::string code{};         // when not signed in
  std::string request_id{};   // of the sign-in, either way: what a help desk asks for
  std::string retry_url{};
};
std::string RenderResultPage(const ResultPage& page);

// The terms of use, with one form for each answer.
struct TermsPage {
  enum class Answer { kNone, kAccepted, kDeclined };
  std::string title{};
  std::string revision{};
  std::string legal_version{};
  bool changed = false;  // an answer to an older revision was just turned down
  Answer answer = Answer::kNone;
  std::string answered_on{};  // with an answer: the day, as people write it
  std::string action{};
  std::string accept_id{};  // of the form: pressed twice, it is one answer
  std::string decline_id{};
  std::string back_url{};
};
std::string RenderTermsPage(const TermsPage& page);

// The consent to hand a proofing on, with one form for each answer.
struct ConsentPage {
  const ConsentText* text = nullptr;  // required
  bool changed = false;               // an answer to older words was just turned down
  std::string action{};
  std::string give_id{};
  std::string decline_id{};
  std::string back_url{};
};
std::string RenderConsentPage(const ConsentPage& page);

struct ConsentRecordedPage {
  bool given = false;
  std::string back_url{};
};
std::string RenderConsentRecordedPage(const ConsentRecordedPage& page);

// Whether to sign out, asked when a page of another site led here (decision P8).
struct SignOutQuestionPage {
  std::string action{};
  std::vector<std::pair<std::string, std::string>> fields{};
  std::string back_url{};  // where a no leads
};
std::string RenderSignOutQuestionPage(const SignOutQuestionPage& page);

struct SignedOutPage {
  // Where the person may be signed in still: "ID.me". Empty: nobody has to be named.
  std::string maybe_not_at{};
  std::string sign_in_url{};  // empty: the sign-in page
};
std::string RenderSignedOutPage(const SignedOutPage& page);

}  // namespace va::gateway
