import type { Table } from "../parse-tables.ts";

/** Questions about permissions (authorization.k8s.io/v1). */
export const authorizationTable: Table = {
  name: "authorization",
  text: `
kind SelfSubjectAccessReview | Asks whether you may do something.
   1 metadata ObjectMeta?                 | Not used.
   2 spec     SelfSubjectAccessReviewSpec | What you want to do.
   3 status   SubjectAccessReviewStatus?  | The answer.

struct SelfSubjectAccessReviewSpec
   1 resourceAttributes    *ResourceAttributes?
   2 nonResourceAttributes *NonResourceAttributes?

kind SubjectAccessReview | Asks whether somebody may do something.
   1 metadata ObjectMeta?                | Not used.
   2 spec     SubjectAccessReviewSpec    | Who wants to do what.
   3 status   SubjectAccessReviewStatus? | The answer.

kind LocalSubjectAccessReview | Asks whether somebody may do something in one namespace.
   1 metadata ObjectMeta?                | The namespace.
   2 spec     SubjectAccessReviewSpec    | Who wants to do what.
   3 status   SubjectAccessReviewStatus? | The answer.

struct SubjectAccessReviewSpec
   1 resourceAttributes    *ResourceAttributes?
   2 nonResourceAttributes *NonResourceAttributes?
   3 user                  string?                | The name.
   4 groups                []string?  list=atomic | The groups.
   5 extra                 {}Strings?             | What else is known.
   6 uid                   string?                | The identifier.

struct ResourceAttributes
   1 namespace     string?
   2 verb          string?
   3 group         string?
   4 version       string?
   5 resource      string?
   6 subresource   string?
   7 name          string?
   8 fieldSelector *FieldSelectorAttributes?
   9 labelSelector *LabelSelectorAttributes?

struct FieldSelectorAttributes
   1 rawSelector  string?
   2 requirements []FieldSelectorRequirement? list=atomic

struct LabelSelectorAttributes
   1 rawSelector  string?
   2 requirements []LabelSelectorRequirement? list=atomic

struct NonResourceAttributes
   1 path string?
   2 verb string?

struct SubjectAccessReviewStatus | The answer to a question about permissions.
   1 allowed         bool    | It is allowed.
   2 reason          string? | Why.
   3 evaluationError string? | What went wrong while looking.
   4 denied          bool?   | It is forbidden, whatever others say.

kind SelfSubjectRulesReview | Asks what you may do in a namespace.
   1 metadata ObjectMeta?                | Not used.
   2 spec     SelfSubjectRulesReviewSpec | The namespace.
   3 status   SubjectRulesReviewStatus?  | The answer.

struct SelfSubjectRulesReviewSpec
   1 namespace string?

struct SubjectRulesReviewStatus
   1 resourceRules    []ResourceRule    list=atomic
   2 nonResourceRules []NonResourceRule list=atomic
   3 incomplete       bool
   4 evaluationError  string?

struct ResourceRule
   1 verbs         []string  list=atomic
   2 apiGroups     []string? list=atomic
   3 resources     []string? list=atomic
   4 resourceNames []string? list=atomic

struct NonResourceRule
   1 verbs           []string  list=atomic
   2 nonResourceURLs []string? list=atomic
`,
};

/** Questions about identity (authentication.k8s.io/v1). */
export const authenticationTable: Table = {
  name: "authentication",
  text: `
kind TokenReview | Asks whose token this is.
   1 metadata ObjectMeta?        | Not used.
   2 spec     TokenReviewSpec    | The token.
   3 status   TokenReviewStatus? | The answer.

struct TokenReviewSpec
   1 token     string?
   2 audiences []string? list=atomic

struct TokenReviewStatus
   1 authenticated bool?
   2 user          UserInfo?
   4 audiences     []string? list=atomic
   3 error         string?

kind SelfSubjectReview | Asks who you are.
   1 metadata ObjectMeta?              | Not used.
   2 status   SelfSubjectReviewStatus? | The answer.

struct SelfSubjectReviewStatus
   1 userInfo UserInfo?

struct UserInfo | Who somebody is.
   1 username string?                | The name.
   2 uid      string?                | The identifier.
   3 groups   []string?  list=atomic | The groups.
   4 extra    {}Strings?             | What else is known.
`,
};
