#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "authserver/domain/audit.h"
#include "authserver/domain/errors.h"
#include "authserver/domain/issuance.h"
#include "authserver/domain/paging.h"
#include "authserver/domain/spent_proof.h"
#include "authserver/domain/token_family.h"

namespace authplane::authserver {

// What a token rests on that was had for another one, whose `jti` is the row's parent_jti.
struct ExchangeBasis {
  std::string consent_grant_id;  // the consent that was looked up, "" = none
  ScopeSet consented_scopes;     // what it has to cover still
};

// What is written for one token: all of it or nothing.
struct NewIssuance {
  Issuance row;
  AuditEvent audit;
  std::optional<SpentProof> proof{};  // that the token uses up
  // The family the token belongs to: begun with it, or continued by it. Machine tokens have none.
  std::variant<std::monostate, FamilyStart, Rotation> family{};
  std::optional<ExchangeBasis> exchange{};
};

// One durable append in flight, owned by the caller: start it, sign the token meanwhile, wait, answer only
// then.
//   IssuanceAppend append({row, audit});
//   store.start(append);
//   ... sign ...
//   if (auto stored = append.wait(); !stored) return ...;
// The destructor waits when the append was started: the store refers to this object until then.
class IssuanceAppend {
 public:
  explicit IssuanceAppend(NewIssuance issuance) : issuance_(std::move(issuance)) {}
  ~IssuanceAppend();
  IssuanceAppend(const IssuanceAppend&) = delete;
  IssuanceAppend& operator=(const IssuanceAppend&) = delete;

  // Blocks until the rows are durable or refused. REQUIRES: started. May be called again.
  const Outcome<void>& wait();

  const NewIssuance& issuance() const { return issuance_; }

  // For stores only: mark_started() before the object is queued, complete() exactly once, from any thread.
  // The object may be gone when complete() returns.
  void mark_started() { state_.store(kStarted, std::memory_order_relaxed); }
  void complete(Outcome<void> outcome);

 private:
  static constexpr int kIdle = 0, kStarted = 1, kDone = 2;
  const NewIssuance issuance_;
  Outcome<void> outcome_;
  std::atomic<int> state_{kIdle};
};

// Conditions are AND-ed; the first given of user, client, resource picks the index. At least one must be set.
struct IssuanceQuery {
  std::optional<std::string> subject_user_id;
  std::optional<std::string> client_id;
  std::optional<std::string> resource_id;
  std::chrono::sys_seconds since{};  // issued_at >= since
  std::size_t limit = 500;
};

struct RevokedIssuance {
  Issuance issuance;            // as stored now
  bool was_live = false;        // false: it was revoked before, `revoked_at` keeps its first value
  std::size_t descendants = 0;  // tokens exchanged from it, at any depth, that this call revoked
};

// What the records say about a token. `unknown` also for text that is no `jti` of ours.
enum class TokenState { unknown, live, expired, revoked };

struct MachineTokenPage {
  std::vector<Issuance> tokens;  // newest first
  std::size_t total = 0;         // without paging
};

// Records of issued tokens. Thread-safe; each verb is one transaction. Every verb may also fail with
// unavailable or internal.
class IssuanceStore {
 public:
  // Called once, on a thread of the store: return quickly and do not call the store from it.
  using AppendCallback = std::function<void(Outcome<void>)>;

  virtual ~IssuanceStore() = default;

  // The row, its audit event and the mark of its proof become durable together, or none of them exists. Rows
  // of all threads share commits. At the moment of the commit the client must exist and be active, the
  // resource must exist, and the proof must be unspent; a refused append leaves its proof unspent.
  // Errors in the append: invalid_client, invalid_target, invalid_dpop_proof (spent before), conflict (the id
  // exists), unavailable (too many waiting).
  //
  // With a FamilyStart the family, its first refresh token and the tracking of the access token are part of
  // it. The user must be active, and the code must have been redeemed for no other family and not be revoked;
  // else invalid_grant.
  // With a Rotation the consumption of the refresh token, its successor and the tracking are part of it. Of
  // all that present one refresh token one succeeds. Further errors: invalid_grant (unknown or expired token,
  // another client's, family revoked, user not active), invalid_dpop_proof (the family is bound to another
  // key), token_reused. Only token_reused writes something: it revokes the family with its access tokens.
  //
  // With an ExchangeBasis the token of parent_jti must be live and the user, if there is one, active; else
  // invalid_grant. The consent, if there is one, must be active, be the user's and cover the scopes; else
  // consent_required.
  virtual void start(IssuanceAppend& append) = 0;
  virtual void append_async(NewIssuance issuance, AppendCallback done) = 0;
  // start() and wait().
  Outcome<void> append(NewIssuance issuance);
  Outcome<void> append(Issuance row, AuditEvent audit, std::optional<SpentProof> proof = {});

  // Errors: not_found.
  virtual Outcome<Issuance> get(const TimeOrderedId& id) = 0;
  // nullopt when no token of ours has that `jti`; also for text that is no id of ours.
  virtual Outcome<std::optional<Issuance>> find_by_jti(std::string_view jti) = 0;
  // One read by key, for introspection and for tokens that are exchanged.
  virtual Outcome<TokenState> token_state(std::string_view jti, WallTime now) = 0;
  // Newest first. Errors: invalid_request (no condition).
  virtual Outcome<std::vector<Issuance>> query(const IssuanceQuery& query) = 0;
  // Tokens without a family (is_machine_token), of one client or of all.
  virtual Outcome<MachineTokenPage> list_machine_tokens(const std::optional<std::string>& client_id,
                                                        const Page& page) = 0;
  // Idempotent. Also revokes every live token exchanged from it. Errors: not_found.
  virtual Outcome<RevokedIssuance> revoke(const TimeOrderedId& id, WallTime now) = 0;
  // Deletes expired machine tokens that name no resource; rows that name one are history and stay, and so do
  // rows that a token was exchanged from. Answers the number of deleted rows. Works in small transactions, so
  // issuing goes on meanwhile.
  virtual Outcome<std::size_t> purge_expired_machine_tokens(WallTime now) = 0;
  // Forgets the proofs whose expires_at lies before `now`, in small transactions. Answers how many.
  virtual Outcome<std::size_t> purge_spent_proofs(WallTime now) = 0;
  // nullopt when nothing was ever issued. For IdGenerator::start_after.
  virtual Outcome<std::optional<TimeOrderedId>> newest_id() = 0;
};

}  // namespace authplane::authserver
