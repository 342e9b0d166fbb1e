(* Time: what holds at all times but countably many, and induction along an interval.

   A classical derivative exists only almost everywhere along a flow whose patterns jump.  Here
   "almost" is "but for the times of a sequence"; the weights' coordinates stay continuous there. *)

From Coq Require Import Reals Lra Lia Cantor Classical_Prop.
Local Open Scope R_scope.
Local Coercion INR : nat >-> R.

Definition regular (kinks : nat -> R) (t : R) : Prop := forall k, kinks k <> t.

(* P holds at all times of (0, T) but countably many. *)
Definition almost_always (T : R) (P : R -> Prop) : Prop :=
  exists kinks : nat -> R, forall t, 0 < t < T -> regular kinks t -> P t.

(** * A function whose derivative is almost always at most 0 *)

Lemma bounded_by_pairs : forall a b : nat -> R, (forall k l, a k <= b l) ->
  exists y, forall k, a k <= y <= b k.
Proof.
  intros a b order. destruct (completeness (fun s => exists k, s = a k)) as (y & upper & least).
  - exists (b 0%nat). now intros s [k ->].
  - exists (a 0%nat). now exists 0%nat.
  - exists y. intros k. split; [apply upper; now exists k|apply least; now intros s [l ->]].
Qed.

(* Cantor: an interval has a point outside any sequence.  A third of it avoids the first point, a
   third of that the second, ... *)
Definition third (q : R) (i : R * R) : R * R :=
  let (b, c) := i in
  if Rlt_dec q ((b + 2 * c) / 3) then ((b + 2 * c) / 3, c) else (b, (2 * b + c) / 3).
Fixpoint thirds (q : nat -> R) (i : R * R) (k : nat) : R * R :=
  match k with O => i | S l => third (q l) (thirds q i l) end.

Lemma thirds_shrink : forall q i k, fst i < snd i ->
  fst (thirds q i k) < snd (thirds q i k)
  /\ fst (thirds q i k) <= fst (thirds q i (S k)) /\ snd (thirds q i (S k)) <= snd (thirds q i k)
  /\ ~ fst (thirds q i (S k)) <= q k <= snd (thirds q i (S k)).
Proof.
  intros q i k order.
  assert (inside : fst (thirds q i k) < snd (thirds q i k)).
  { induction k as [|k IH]; [easy|]. simpl. destruct (thirds q i k). simpl in *.
    destruct (Rlt_dec _ _); simpl; lra. }
  split; [easy|]. simpl. destruct (thirds q i k). simpl in *. destruct (Rlt_dec _ _); simpl; lra.
Qed.

Lemma regular_point : forall q b c, b < c -> exists y, b < y < c /\ regular q y.
Proof.
  intros q b c order. set (i := ((2 * b + c) / 3, (b + 2 * c) / 3)).
  assert (start : fst i < snd i) by (simpl; lra).
  pose proof (fun k => thirds_shrink q i k start) as shrink.
  set (l := fun k => fst (thirds q i k)). set (r := fun k => snd (thirds q i k)).
  assert (nested : forall k h, l k <= l (h + k)%nat /\ r (h + k)%nat <= r k).
  { intros k h. unfold l, r. induction h as [|h IH]; [simpl; lra|]. simpl plus.
    destruct (shrink (h + k)%nat) as (_ & low & high & _). lra. }
  destruct (bounded_by_pairs l r) as (y & within).
  { intros k h. destruct (nested k h) as [low _]. destruct (nested h k) as [_ high].
    rewrite (Nat.add_comm k h) in high. destruct (shrink (h + k)%nat) as (both & _).
    unfold l, r in *. lra. }
  exists y. split.
  - specialize (within 0%nat). unfold l, r, i in within. simpl in within. lra.
  - intros k equal. destruct (shrink k) as (_ & _ & _ & away). apply away. rewrite equal.
    apply (within (S k)).
Qed.

(* The last time at which a continuous function is at most y. *)
Lemma last_time : forall f y b c, b <= c -> (forall t, b <= t <= c -> continuity_pt f t) ->
  f b <= y -> y < f c -> exists t, b <= t < c /\ f t = y /\ forall s, t < s <= c -> y < f s.
Proof.
  intros f y b c order continuous before after.
  destruct (completeness (fun s => b <= s <= c /\ f s <= y)) as (t & upper & least).
  - exists c. intros s []. lra.
  - exists b. lra.
  - assert (inside : b <= t <= c).
    { split; [apply upper; lra|apply least; intros s []; lra]. }
    assert (above : forall s, t < s <= c -> y < f s).
    { intros s late. apply Rnot_le_lt. intros low. specialize (upper s). simpl in upper. lra. }
    assert (low : f t <= y).
    { apply Rnot_lt_le. intros high.
      destruct (continuous t inside (f t - y) ltac:(lra)) as (eta & pos & close).
      enough (t <= t - eta) by lra. apply least. intros s [within small].
      apply Rnot_lt_le. intros near. assert (order' : s <= t) by now apply upper.
      destruct (Req_dec s t) as [->|other]; [lra|].
      assert (gap : Rabs (f s - f t) < f t - y).
      { apply (close s). split; [split; [easy|lra]|]. simpl. unfold R_dist, Rabs.
        destruct (Rcase_abs _); lra. }
      unfold Rabs in gap. destruct (Rcase_abs _); lra. }
    exists t. assert (t < c) by (destruct (Req_dec t c) as [->|]; lra).
    split; [lra|]. split; [|easy].
    destruct (Req_dec (f t) y) as [|other]; [easy|exfalso].
    destruct (continuous t inside (y - f t) ltac:(lra)) as (eta & pos & close).
    set (s := Rmin (t + eta / 2) c).
    assert (near : t < s <= c /\ s - t < eta)
      by (unfold s, Rmin; destruct (Rle_dec _ _); lra).
    specialize (above s ltac:(lra)).
    assert (gap : Rabs (f s - f t) < y - f t).
    { apply (close s). split; [split; [easy|lra]|]. simpl. unfold R_dist. rewrite Rabs_right; lra. }
    unfold Rabs in gap. destruct (Rcase_abs _); lra.
Qed.

(* A continuous function whose derivative is at most 0, countably many times excepted: were it to
   increase, so would f(t) - eps t, which then exceeds some value y for good at a regular time. *)
Lemma nonincreasing : forall kinks f f' b c, b <= c ->
  (forall t, b <= t <= c -> continuity_pt f t) ->
  (forall t, b < t < c -> regular kinks t -> derivable_pt_lim f t (f' t) /\ f' t <= 0) ->
  f c <= f b.
Proof.
  intros kinks f f' b c order continuous slope. apply Rnot_lt_le. intros up.
  assert (strict : b < c) by (destruct (Req_dec b c) as [->|]; lra).
  set (eps := (f c - f b) / (2 * (c - b))).
  assert (pos : 0 < eps) by (apply Rdiv_lt_0_compat; lra).
  assert (half : eps * (c - b) = (f c - f b) / 2) by (unfold eps; field; lra).
  set (g := fun t => f t - eps * t).
  destruct (regular_point (fun k => g (kinks k)) (g b) (g c)) as (y & between & value);
    [unfold g; lra|].
  destruct (last_time g y b c) as (t & inside & equal & above); try lra.
  { intros s within. apply (continuity_pt_minus f (fun s => eps * s)); [auto|].
    apply derivable_continuous_pt. reg. }
  assert (later : b < t) by (destruct (Req_dec b t) as [->|]; lra).
  destruct (slope t) as [limit down]; [lra|intros k <-; now apply (value k)|].
  destruct (limit eps pos) as [delta close]. pose proof (cond_pos delta).
  set (h := Rmin (delta / 2) (c - t)).
  assert (small : 0 < h < delta /\ t + h <= c) by (unfold h, Rmin; destruct (Rle_dec _ _); lra).
  specialize (above (t + h) ltac:(lra)).
  assert (gap : Rabs ((f (t + h) - f t) / h - f' t) < eps)
    by (apply close; [lra|rewrite Rabs_right; lra]).
  apply Rabs_def2 in gap. unfold g in *.
  assert (eps < (f (t + h) - f t) / h)
    by (apply Rmult_lt_reg_r with h; [lra|]; unfold Rdiv; rewrite Rmult_assoc, Rinv_l; lra).
  lra.
Qed.


(** * What holds almost always *)

Lemma always : forall T (P : R -> Prop), (forall t, 0 < t < T -> P t) -> almost_always T P.
Proof. intros T P all. exists (fun _ => 0). auto. Qed.

Lemma almost_weaken : forall S T (P Q : R -> Prop), S <= T ->
  (forall t, 0 < t < S -> P t -> Q t) -> almost_always T P -> almost_always S Q.
Proof.
  intros S T P Q shorter weaker [kinks almost]. exists kinks. intros t inside away.
  apply weaker; [easy|]. apply almost; [lra|easy].
Qed.

Lemma almost_all : forall T (P : nat -> R -> Prop),
  (exists kinks : nat -> nat -> R, forall h t, 0 < t < T -> regular (kinks h) t -> P h t) ->
  almost_always T (fun t => forall h, P h t).
Proof.
  intros T P [kinks each]. exists (fun k => let (h, l) := of_nat k in kinks h l).
  intros t inside away h. apply each; [easy|]. intros l equal.
  apply (away (to_nat (h, l))). now rewrite cancel_of_to.
Qed.

Lemma almost_and : forall T (P Q : R -> Prop),
  almost_always T P -> almost_always T Q -> almost_always T (fun t => P t /\ Q t).
Proof.
  intros T P Q [p always_p] [q always_q].
  apply (almost_weaken T T (fun t => forall h, match h with O => P t | _ => Q t end)); [lra| |].
  - intros t _ both. split; [apply (both 0%nat)|apply (both 1%nat)].
  - apply almost_all. exists (fun h => match h with O => p | _ => q end). intros [|h]; auto.
Qed.

(* The zeros of z at which it has another derivative than 0 are isolated, hence countable. *)
Lemma isolated : forall z t l, derivable_pt_lim z t l -> z t = 0 -> l <> 0 ->
  exists delta, 0 < delta /\ forall s, s <> t -> Rabs (s - t) < delta -> z s <> 0.
Proof.
  intros z t l slope zero moves. destruct (slope (Rabs l) (Rabs_pos_lt l moves)) as [delta close].
  exists delta. split; [apply cond_pos|]. intros s other near also.
  specialize (close (s - t) ltac:(lra) near). replace (t + (s - t)) with s in close by ring.
  rewrite also, zero in close. unfold Rminus, Rdiv in close.
  rewrite Ropp_0, Rplus_0_r, Rmult_0_l, Rplus_0_l, Rabs_Ropp in close. lra.
Qed.

Lemma floor : forall s, 0 <= s -> exists j : nat, j <= s < j + 1.
Proof.
  intros s pos. destruct (archimed s) as [above _].
  assert (large : exists N : nat, s < N).
  { exists (Z.to_nat (up s)). rewrite INR_IZR_INZ, Z2Nat.id; [easy|]. apply le_IZR. lra. }
  destruct large as [N large]. induction N as [|N IH]; [simpl in large; lra|].
  destruct (Rlt_dec s N); [auto|]. exists N. rewrite S_INR in large. lra.
Qed.

(* A time of E between j / N and (j + 1) / N, where there is one. *)
Lemma time_between : forall (E : R -> Prop) (N j : nat),
  { s | is_lub (fun t => t = 0 \/ E t /\ j / N <= t <= (j + 1) / N) s }.
Proof.
  intros Z N j. apply completeness.
  - exists (Rmax 0 ((j + 1) / N)). intros t [->|[_ near]]; [apply Rmax_l|].
    apply Rle_trans with ((j + 1) / N); [lra|apply Rmax_r].
  - exists 0. now left.
Qed.

Definition times_of (E : R -> Prop) (k : nat) : R :=
  let (N, j) := of_nat k in proj1_sig (time_between E N j).

Lemma isolated_is_countable : forall E : R -> Prop,
  (forall t, E t -> 0 < t /\
    exists delta, 0 < delta /\ forall s, s <> t -> Rabs (s - t) < delta -> ~ E s) ->
  forall t, E t -> ~ regular (times_of E) t.
Proof.
  intros E alone t is_in away. destruct (alone t is_in) as (pos & delta & positive & single).
  destruct (archimed_cor1 delta positive) as (N & fine & large).
  assert (large' : 0 < N) by now apply lt_0_INR.
  destruct (floor (t * N)) as (j & low & high); [apply Rmult_le_pos; lra|].
  assert (cell : j / N <= t <= (j + 1) / N).
  { split; apply Rmult_le_reg_r with N; try easy; unfold Rdiv;
      rewrite Rmult_assoc, Rinv_l; lra. }
  assert (narrow : (j + 1) / N - j / N < delta)
    by (replace ((j + 1) / N - j / N) with (/ N) by (field; lra); easy).
  apply (away (to_nat (N, j))). unfold times_of. rewrite cancel_of_to.
  destruct (time_between E N j) as (s & upper & least). simpl. apply Rle_antisym.
  - apply least. intros s' [->|[also near]]; [lra|]. destruct (Req_dec s' t) as [->|other]; [lra|].
    destruct (single s' other); [|easy]. unfold Rabs. destruct (Rcase_abs _); lra.
  - apply upper. now right.
Qed.

(* lem:chain-rule, "for almost every t": functions that almost always have derivatives almost never
   cross 0 at another speed than 0. *)
Lemma crossings_are_rare : forall T (z : nat -> R -> R),
  almost_always T (fun t => forall i, exists l, derivable_pt_lim (z i) t l) ->
  almost_always T (fun t => forall i, z i t <> 0 \/ derivable_pt_lim (z i) t 0).
Proof.
  intros T z [kinks slope].
  set (crossing := fun i t => (0 < t < T /\ regular kinks t)
    /\ z i t = 0 /\ ~ derivable_pt_lim (z i) t 0).
  apply (almost_weaken T T (fun t => regular kinks t /\ forall i, ~ crossing i t)); [lra| |].
  - intros t inside [away none] i. destruct (Req_dec (z i t) 0) as [zero|]; [right|now left].
    apply NNPP. intros moves. now apply (none i).
  - apply almost_and; [now exists kinks|].
    apply almost_all. exists (fun i => times_of (crossing i)).
    intros i t inside away crosses.
    apply (isolated_is_countable (crossing i)) in away; [easy| |easy].
    intros s ((within & away') & zero & moves). split; [easy|].
    destruct (slope s within away' i) as [l limit].
    destruct (isolated (z i) s l limit zero) as (delta & pos & alone); [now intros ->|].
    exists delta. split; [easy|]. intros s' other near (_ & zero' & _). now apply (alone s').
Qed.

(** * Induction along an interval *)

Lemma real_induction : forall T (good : R -> Prop),
  (forall t, 0 <= t <= T -> (forall s, 0 <= s < t -> good s) -> good t) ->
  (forall t, 0 <= t < T -> good t -> exists eta, 0 < eta /\ forall s, t < s < t + eta -> good s) ->
  forall t, 0 <= t <= T -> good t.
Proof.
  intros T good closed opened t within.
  set (E := fun b => 0 <= b <= T /\ forall s, 0 <= s <= b -> good s).
  assert (start : E 0).
  { split; [lra|]. intros s inside. apply closed; [lra|]. intros; lra. }
  destruct (completeness E) as (b & upper & least).
  { exists T. intros b [inside _]. lra. }
  { now exists 0. }
  assert (inside : 0 <= b <= T) by (split; [now apply upper|apply least; intros c []; lra]).
  assert (before : forall s, 0 <= s < b -> good s).
  { intros s early. apply NNPP. intros bad. enough (b <= s) by lra. apply least.
    intros c [_ all]. destruct (Rle_dec c s) as [|late]; [easy|].
    destruct bad. apply all. lra. }
  pose proof (closed b inside before) as last.
  destruct (Req_dec t b) as [->|other]; [easy|]. apply before. split; [lra|].
  enough (T <= b) by lra. apply Rnot_lt_le. intros early.
  destruct (opened b ltac:(lra) last) as (eta & pos & after).
  enough (Rmin (b + eta / 2) T <= b) by (unfold Rmin in *; destruct (Rle_dec _ _); lra).
  apply upper. split; [unfold Rmin; destruct (Rle_dec _ _); lra|]. intros s near.
  destruct (Rlt_dec s b); [apply before; lra|]. destruct (Req_dec s b) as [->|]; [easy|].
  apply after. unfold Rmin in near. destruct (Rle_dec _ _) in near; lra.
Qed.

(* A continuous function keeps below a bound for a while; finitely many do so together. *)
Lemma below_for_a_while : forall m (f : nat -> R -> R) c t,
  (forall r, (r < m)%nat -> continuity_pt (f r) t) -> (forall r, (r < m)%nat -> f r t < c) ->
  exists eta, 0 < eta /\ forall s r, t < s < t + eta -> (r < m)%nat -> f r s < c.
Proof.
  induction m as [|m IH]; intros f c t continuous below; [exists 1; split; [lra|lia]|].
  destruct (IH f c t) as (eta & pos & while); [auto|auto|].
  destruct (continuous m ltac:(lia) (c - f m t)) as (eta' & pos' & close);
    [pose proof (below m ltac:(lia)); lra|].
  exists (Rmin eta eta'). split; [now apply Rmin_pos|]. intros s r near small.
  pose proof (Rmin_l eta eta'). pose proof (Rmin_r eta eta').
  destruct (Nat.eq_dec r m) as [->|]; [|apply while; [lra|lia]].
  assert (Rabs (f m s - f m t) < c - f m t).
  { apply (close s). split; [split; [easy|lra]|]. simpl. unfold R_dist. rewrite Rabs_right; lra. }
  pose proof (Rle_abs (f m s - f m t)). lra.
Qed.
