(* The answers of the report, checked by Coq 8.16 over the standard library's real numbers.

   To be read next to the report: the comment in front of a theorem names the label that it proves
   and says how to read it.  The statement, up to its full stop, is what has been shown; the script
   after it convinces the machine, not the reader.

   Indices count from 0: i, j < n for samples, r < m for hidden units, k < d for coordinates.
   A vector is a function on the indices, of which only those below the dimension are used.
   derivable_pt_lim f t l is the library's "f has the derivative l at t": for every eps > 0 there is
   delta > 0 such that |(f(t + h) - f(t))/h - l| < eps for all h with 0 < |h| < delta.
   m = 0 is not excluded: every sum over r is then empty, and 1/0 is the library's 0.

   Not formalised: the law of w_r(0) and with it every probability; absolutely continuous weights,
   in whose place continuous ones have derivatives at all times but countably many (times.v); that
   a solution of the flow exists; the equality case of inequality (i); the rank of G;
   prop:distance. *)

From Coq Require Import Reals Lra Lia Cantor FunctionalExtensionality.
Require Import times.
Local Open Scope R_scope.
Local Coercion INR : nat >-> R.

(** * Finite sums *)

Definition vector := nat -> R.
Definition matrix := nat -> vector.

Fixpoint sum (n : nat) (f : nat -> R) : R :=
  match n with O => 0 | S k => sum k f + f k end.

Notation "\sum_ ( i < n ) F" := (sum n (fun i => F))
  (at level 41, i name, n at level 50, F at level 41, format "\sum_ ( i  <  n )  F").

Lemma sum_ext : forall n f g, (forall i, (i < n)%nat -> f i = g i) -> sum n f = sum n g.
Proof.
  induction n as [|n IH]; intros f g same; simpl; [easy|].
  now rewrite (IH f g), same by (intros; try apply same; lia).
Qed.

Lemma sum_plus : forall n f g, \sum_(i < n) (f i + g i) = sum n f + sum n g.
Proof. intros n f g; induction n as [|n IH]; simpl; [|rewrite IH]; ring. Qed.

Lemma sum_scale : forall n c f, \sum_(i < n) (c * f i) = c * sum n f.
Proof. intros n c f; induction n as [|n IH]; simpl; [|rewrite IH]; ring. Qed.

Lemma sum_const : forall n c, \sum_(i < n) c = n * c.
Proof. intros n c; induction n as [|n IH]; [simpl|rewrite S_INR; simpl; rewrite IH]; ring. Qed.

Lemma sum_0 : forall n f, (forall i, (i < n)%nat -> f i = 0) -> sum n f = 0.
Proof. intros n f zero. rewrite (sum_ext n f (fun _ => 0) zero), sum_const. ring. Qed.

Lemma sum_single : forall n k f,
  (k < n)%nat -> \sum_(i < n) (if Nat.eqb i k then f i else 0) = f k.
Proof.
  induction n as [|n IH]; intros k f near; simpl; [lia|].
  destruct (Nat.eqb_spec n k) as [->|other]; [rewrite sum_0|rewrite IH by lia]; try ring.
  intros i far. destruct (Nat.eqb_spec i k); [lia|ring].
Qed.

Lemma sum_le : forall n f g, (forall i, (i < n)%nat -> f i <= g i) -> sum n f <= sum n g.
Proof.
  induction n as [|n IH]; intros f g le; simpl; [lra|].
  apply Rplus_le_compat; [apply IH; intros|]; apply le; lia.
Qed.

Lemma sum_nonneg : forall n f, (forall i, (i < n)%nat -> 0 <= f i) -> 0 <= sum n f.
Proof.
  intros n f le. replace 0 with (\sum_(i < n) 0) by (rewrite sum_const; ring). now apply sum_le.
Qed.

Lemma sum_zero : forall n f, (forall i, (i < n)%nat -> 0 <= f i) ->
  (sum n f = 0 <-> forall i, (i < n)%nat -> f i = 0).
Proof.
  intros n f le. split; [|apply sum_0]. induction n as [|n IH]; simpl; [lia|intros zero i near].
  assert (0 <= sum n f) by (apply sum_nonneg; intros; apply le; lia).
  pose proof (le n ltac:(lia)). destruct (Nat.eq_dec i n) as [->|]; [lra|].
  apply IH; [intros; apply le; lia|lra|lia].
Qed.

(* Sums are equal because, constants moved inside, their terms are. *)
Ltac sums := rewrite <- ?sum_scale, <- ?sum_plus; apply sum_ext; intros; ring.

(* The exchange of two sums, in the form in which it is used. *)
Lemma sum_exchange : forall m n (p q : vector) (s : nat -> vector),
  \sum_(r < m) p r * (\sum_(j < n) q j * s r j)
  = \sum_(j < n) q j * (\sum_(r < m) p r * s r j).
Proof.
  intros m n p q s; induction m as [|m IH]; simpl; [|rewrite IH; sums].
  symmetry. apply sum_0; intros; ring.
Qed.

Lemma sum_derivative : forall n (f : nat -> R -> R) l t,
  (forall i, (i < n)%nat -> derivable_pt_lim (f i) t (l i)) ->
  derivable_pt_lim (fun s => \sum_(i < n) f i s) t (sum n l).
Proof.
  induction n as [|n IH]; intros f l t each; simpl; [apply derivable_pt_lim_const|].
  apply (derivable_pt_lim_plus (fun s => \sum_(i < n) f i s) (f n));
    [apply IH; intros|]; apply each; lia.
Qed.

Lemma derivative_eq : forall f t l l',
  derivable_pt_lim f t l -> l = l' -> derivable_pt_lim f t l'.
Proof. now intros f t l l' slope <-. Qed.

(** * Inner product and norm *)

Definition inner (n : nat) (v w : vector) : R := \sum_(k < n) v k * w k.
Definition norm (n : nat) (v : vector) : R := sqrt (inner n v v).
Definition diff (v w : vector) : vector := fun k => v k - w k.

Lemma inner_nonneg : forall n v, 0 <= inner n v v.
Proof. intros n v. apply sum_nonneg; intros; nra. Qed.

Lemma norm_squared : forall n v, norm n v ^ 2 = inner n v v.
Proof. intros n v. apply pow2_sqrt, inner_nonneg. Qed.

Lemma norm_nonneg : forall n v, 0 <= norm n v.
Proof. intros n v. apply sqrt_pos. Qed.

Lemma square_le : forall a b, 0 <= b -> a ^ 2 <= b ^ 2 -> a <= b.
Proof. intros a b pos le. nra. Qed.

Lemma lagrange_identity : forall n v w,
  \sum_(i < n) \sum_(j < n) (v i * w j - v j * w i) ^ 2
  = 2 * (inner n v v * inner n w w - inner n v w ^ 2).
Proof.
  intros n v w.
  assert (row : forall a b k, \sum_(j < k) (a * w j - v j * b) ^ 2
    = a ^ 2 * inner k w w - 2 * a * b * inner k v w + b ^ 2 * inner k v v).
  { unfold inner; induction k as [|k IH]; simpl in *; [|rewrite IH]; ring. }
  rewrite (sum_ext n _ _ (fun i _ => row (v i) (w i) n)).
  enough (all : forall a b c k, \sum_(i < k) (v i ^ 2 * a - 2 * v i * w i * b + w i ^ 2 * c)
    = inner k v v * a - 2 * inner k v w * b + inner k w w * c) by (rewrite all; ring).
  unfold inner; induction k as [|k IH]; simpl in *; [|rewrite IH]; ring.
Qed.

Theorem cauchy_schwarz : forall n v w, Rabs (inner n v w) <= norm n v * norm n w.
Proof.
  intros n v w. apply square_le; [apply Rmult_le_pos; apply norm_nonneg|].
  rewrite pow2_abs, Rpow_mult_distr, !norm_squared.
  enough (0 <= \sum_(i < n) \sum_(j < n) (v i * w j - v j * w i) ^ 2)
    by (rewrite lagrange_identity in *; lra).
  apply sum_nonneg; intros; apply sum_nonneg; intros; apply pow2_ge_0.
Qed.

Theorem triangle : forall n v w, norm n (fun k => v k + w k) <= norm n v + norm n w.
Proof.
  intros n v w. pose proof (norm_nonneg n v). pose proof (norm_nonneg n w).
  apply square_le; [lra|]. rewrite norm_squared.
  replace (inner n (fun k => v k + w k) (fun k => v k + w k))
    with (inner n v v + 2 * inner n v w + inner n w w)
    by (unfold inner; sums). rewrite <- !norm_squared.
  pose proof (cauchy_schwarz n v w). pose proof (Rle_abs (inner n v w)). nra.
Qed.

Theorem triangle_sum : forall d n (v : nat -> vector),
  norm d (fun k => \sum_(i < n) v i k) <= \sum_(i < n) norm d (v i).
Proof.
  intros d n v; induction n as [|n IH]; simpl.
  - unfold norm, inner. rewrite sum_const, !Rmult_0_r, sqrt_0. lra.
  - pose proof (triangle d (fun k => \sum_(i < n) v i k) (v n)). lra.
Qed.

Theorem norm_scale : forall d c v, norm d (fun k => c * v k) = Rabs c * norm d v.
Proof.
  intros d c v. unfold norm. rewrite <- sqrt_Rsqr_abs, <- sqrt_mult
    by (apply Rle_0_sqr || apply inner_nonneg).
  f_equal. unfold inner, Rsqr. sums.
Qed.

(** * Lemma 3.2: when can a pattern flip? *)

Definition ind_ge (z : R) : R := if Rle_dec 0 z then 1 else 0.   (* 1{z >= 0} *)
Definition ind_gt (z : R) : R := if Rlt_dec 0 z then 1 else 0.   (* 1{z > 0} *)

(* eq:ball-to-interval: over a ball of radius rho, <w, x> stays within rho of z = <w0, x> ... *)
Lemma ball_to_interval : forall d x w0 w,
  norm d x = 1 -> Rabs (inner d w x - inner d w0 x) <= norm d (diff w w0).
Proof.
  intros d x w0 w unit. rewrite <- (Rmult_1_r (norm d _)), <- unit.
  replace (inner d w x - inner d w0 x) with (inner d (diff w w0) x); [apply cauchy_schwarz|].
  transitivity (inner d w x + -1 * inner d w0 x); [unfold inner, diff; sums|ring].
Qed.

(* ... and w0 + c x reaches every value within. *)
Lemma interval_to_ball : forall d x w0 c, norm d x = 1 ->
  exists w, norm d (diff w w0) = Rabs c /\ inner d w x = inner d w0 x + c.
Proof.
  intros d x w0 c unit. exists (fun k => w0 k + c * x k). split.
  - rewrite <- (Rmult_1_r (Rabs c)), <- unit, <- norm_scale.
    unfold norm, inner, diff. f_equal. sums.
  - transitivity (inner d w0 x + c * inner d x x); [|rewrite <- norm_squared, unit; ring].
    unfold inner. sums.
Qed.

Ltac patterns := unfold ind_ge, ind_gt in *;
  repeat match goal with |- context [if ?c then _ else _] => destruct c
                       | H : context [if ?c then _ else _] |- _ => destruct c end.
Ltac necessary w0 unit := intros (w & near & flip); pose proof (ball_to_interval _ _ w0 w unit);
  patterns; try (now contradict flip); unfold Rabs in *; destruct (Rcase_abs _); lra.
Ltac sufficient w0 unit c := destruct (interval_to_ball _ _ w0 c unit) as (w & near & at_w);
  exists w; rewrite near, at_w; patterns; unfold Rabs; destruct (Rcase_abs _); split; lra.
(* A witness w0 + c x where the pattern at w0 is 1, another where it is 0. *)
Ltac flips decide c c' := intros d x w0 radius unit; split; [necessary w0 unit|intros inside];
  destruct (decide 0 (inner d w0 x)); [sufficient w0 unit (c (inner d w0 x) radius)
                                      |sufficient w0 unit (c' (inner d w0 x) radius)].

(* thm:flip-event, for every real radius: where radius <= 0, both sides are false. *)
Theorem flip_iff_interval : forall d x w0 radius, norm d x = 1 ->
  ((exists w, norm d (diff w w0) <= radius /\ ind_ge (inner d w0 x) <> ind_ge (inner d w x))
   <-> - radius <= inner d w0 x < radius).
Proof. flips Rle_dec (fun z radius => - ((z + radius) / 2)) (fun z radius : R => - z). Qed.

(* prop:flip-variants: closed ball, 1{z > 0}. *)
Theorem flip_iff_interval_gt : forall d x w0 radius, norm d x = 1 ->
  ((exists w, norm d (diff w w0) <= radius /\ ind_gt (inner d w0 x) <> ind_gt (inner d w x))
   <-> - radius < inner d w0 x <= radius).
Proof. flips Rlt_dec (fun z radius : R => - z) (fun z radius => (radius - z) / 2). Qed.

(* prop:flip-variants: open ball, 1{z >= 0}. *)
Theorem flip_iff_interval_open : forall d x w0 radius, norm d x = 1 ->
  ((exists w, norm d (diff w w0) < radius /\ ind_ge (inner d w0 x) <> ind_ge (inner d w x))
   <-> - radius < inner d w0 x < radius).
Proof. flips Rle_dec (fun z radius => - ((z + radius) / 2)) (fun z radius : R => - z). Qed.

(* prop:flip-variants: open ball, 1{z > 0}. *)
Theorem flip_iff_interval_open_gt : forall d x w0 radius, norm d x = 1 ->
  ((exists w, norm d (diff w w0) < radius /\ ind_gt (inner d w0 x) <> ind_gt (inner d w x))
   <-> - radius < inner d w0 x < radius).
Proof. flips Rlt_dec (fun z radius : R => - z) (fun z radius => (radius - z) / 2). Qed.

(* lem:flip-necessary: the question's first direction, and its exception. *)
Corollary flip_necessary : forall d x w0 radius, norm d x = 1 ->
  (exists w, norm d (diff w w0) <= radius /\ ind_ge (inner d w0 x) <> ind_ge (inner d w x)) ->
  - radius <= inner d w0 x < radius /\ Rabs (inner d w0 x) <= radius
  /\ (inner d w0 x <> - radius -> Rabs (inner d w0 x) < radius).
Proof.
  intros d x w0 radius unit event. apply (flip_iff_interval d x w0 radius unit) in event.
  unfold Rabs; destruct (Rcase_abs _); repeat split; lra.
Qed.

(* The question's first direction, with the open ball: no exception. *)
Corollary flip_necessary_open : forall d x w0 radius, norm d x = 1 ->
  (exists w, norm d (diff w w0) < radius /\ ind_ge (inner d w0 x) <> ind_ge (inner d w x)) ->
  Rabs (inner d w0 x) < radius.
Proof.
  intros d x w0 radius unit event. apply (flip_iff_interval_open d x w0 radius unit) in event.
  apply Rabs_def1; lra.
Qed.

(* lem:flip-sufficient in the question's form; for -R <= z < R it is half of thm:flip-event. *)
Corollary flip_sufficient : forall d x w0 radius, norm d x = 1 -> Rabs (inner d w0 x) < radius ->
  exists w, norm d (diff w w0) <= radius /\ ind_ge (inner d w0 x) <> ind_ge (inner d w x).
Proof.
  intros d x w0 radius unit inside. apply flip_iff_interval; [easy|].
  apply Rabs_def2 in inside. lra.
Qed.

(* prop:flip-counterexample: the pattern flips, yet |<w0, x>| < radius is false. *)
Theorem flip_counterexample : forall d x radius, norm d x = 1 -> 0 < radius ->
  let w0 := fun k => - radius * x k in
  (exists w, norm d (diff w w0) <= radius /\ ind_ge (inner d w0 x) <> ind_ge (inner d w x))
  /\ Rabs (inner d w0 x) = radius.
Proof.
  intros d x radius unit pos w0.
  assert (z : inner d w0 x = - radius).
  { transitivity (- radius * norm d x ^ 2); [|rewrite unit; ring]. rewrite norm_squared.
    unfold inner, w0. sums. }
  rewrite flip_iff_interval, z, Rabs_Ropp, Rabs_right by (easy || lra). lra.
Qed.

(** * Lemma 3.3: the length of the gradient *)

Lemma root_nonneg : forall m : nat, 0 <= 1 / sqrt m.
Proof. intros m. unfold Rdiv. rewrite Rmult_1_l, <- sqrt_inv. apply sqrt_pos. Qed.

Lemma root_squared : forall m : nat, 1 / sqrt m * (1 / sqrt m) = 1 / m.
Proof.
  intros m. unfold Rdiv. rewrite !Rmult_1_l, <- Rinv_mult, sqrt_sqrt; [easy|apply pos_INR].
Qed.

Lemma abs_sign : forall a, a = 1 \/ a = -1 -> Rabs a = 1.
Proof. intros a [-> | ->]; unfold Rabs; destruct (Rcase_abs _); lra. Qed.

(* lem:inequality-one. *)
Theorem inequality_one : forall (d n m : nat) x y u a w,
  (forall i, (i < n)%nat -> norm d (x i) = 1) -> a = 1 \/ a = -1 ->
  norm d (fun k =>
    \sum_(i < n) (y i - u i) * (1 / sqrt m) * a * ind_ge (inner d w (x i)) * x i k)
  <= 1 / sqrt m * (\sum_(i < n) Rabs (y i - u i)).
Proof.
  intros d n m x y u a w unit sign. eapply Rle_trans; [apply triangle_sum|].
  rewrite <- sum_scale. apply sum_le. intros i near. rewrite norm_scale, unit by easy.
  pose proof (root_nonneg m). pose proof (Rabs_pos (y i - u i)).
  rewrite !Rabs_mult, (Rabs_right (1 / _)) by lra.
  rewrite (abs_sign a sign). patterns; rewrite ?Rabs_R1, ?Rabs_R0; nra.
Qed.

Lemma inequality_two_gap : forall (n : nat) z,
  \sum_(i < n) \sum_(j < n) (Rabs (z i) - Rabs (z j)) ^ 2
  = 2 * ((sqrt n * norm n z) ^ 2 - (\sum_(i < n) Rabs (z i)) ^ 2).
Proof.
  intros n z. pose proof (lagrange_identity n (fun i => Rabs (z i)) (fun _ => 1)) as gap.
  assert (inner n (fun i => Rabs (z i)) (fun i => Rabs (z i)) = norm n z ^ 2) as squares.
  { rewrite norm_squared. apply sum_ext; intros. rewrite <- Rabs_mult. apply Rabs_right. nra. }
  assert (inner n (fun i => Rabs (z i)) (fun _ => 1) = \sum_(i < n) Rabs (z i)) as absolute
    by (unfold inner; sums).
  assert (inner n (fun _ => 1) (fun _ => 1) = sqrt n ^ 2) as ones
    by (rewrite pow2_sqrt by apply pos_INR; unfold inner; rewrite sum_const; ring).
  rewrite squares, absolute, ones in gap.
  rewrite Rpow_mult_distr, (Rmult_comm (sqrt n ^ 2)), <- gap. apply sum_ext; intros; sums.
Qed.

(* lem:inequality-two. *)
Theorem inequality_two : forall (n : nat) z, \sum_(i < n) Rabs (z i) <= sqrt n * norm n z.
Proof.
  intros n z. apply square_le; [apply Rmult_le_pos; apply sqrt_pos|].
  enough (0 <= \sum_(i < n) \sum_(j < n) (Rabs (z i) - Rabs (z j)) ^ 2)
    by (rewrite inequality_two_gap in *; lra).
  apply sum_nonneg; intros; apply sum_nonneg; intros; apply pow2_ge_0.
Qed.

(* lem:inequality-two, equality. *)
Theorem inequality_two_equality : forall (n : nat) z,
  \sum_(i < n) Rabs (z i) = sqrt n * norm n z
  <-> forall i j, (i < n)%nat -> (j < n)%nat -> Rabs (z i) = Rabs (z j).
Proof.
  intros n z. set (gap := fun i j => (Rabs (z i) - Rabs (z j)) ^ 2).
  assert (gap_nonneg : forall i j, 0 <= gap i j) by (intros; apply pow2_ge_0).
  transitivity (\sum_(i < n) \sum_(j < n) gap i j = 0).
  - unfold gap. rewrite inequality_two_gap. pose proof (inequality_two n z).
    assert (0 <= \sum_(i < n) Rabs (z i)) by (apply sum_nonneg; intros; apply Rabs_pos).
    split; [intros ->; ring|nra].
  - rewrite sum_zero by (intros; now apply sum_nonneg). unfold gap in *. split.
    + intros rows i j near_i near_j. specialize (rows i near_i). simpl in rows.
      rewrite sum_zero in rows by (intros; apply gap_nonneg). specialize (rows j near_j). nra.
    + intros same i near_i. apply sum_0. intros j near_j. rewrite (same i j near_i near_j). ring.
Qed.

(* eq:gradient-chain, (i) and (ii) together. *)
Corollary gradient_bound : forall (d n m : nat) x y u a w,
  (forall i, (i < n)%nat -> norm d (x i) = 1) -> a = 1 \/ a = -1 ->
  norm d (fun k =>
    \sum_(i < n) (y i - u i) * (1 / sqrt m) * a * ind_ge (inner d w (x i)) * x i k)
  <= sqrt n / sqrt m * norm n (diff y u).
Proof.
  intros d n m x y u a w unit sign. eapply Rle_trans; [now apply inequality_one|].
  replace (sqrt n / sqrt m * norm n (diff y u)) with (1 / sqrt m * (sqrt n * norm n (diff y u)))
    by (unfold Rdiv; ring).
  apply Rmult_le_compat_l, (inequality_two n (diff y u)). apply root_nonneg.
Qed.

(** * Theorem 3.3: both layers trained *)

Definition relu (z : R) : R := Rmax z 0.

(* eq:network, eq:loss. *)
Definition output (d m : nat) (w : nat -> vector) (a x : vector) : R :=
  1 / sqrt m * (\sum_(r < m) a r * relu (inner d (w r) x)).
Definition loss (d m n : nat) (w : nat -> vector) (a : vector) (x : nat -> vector) y : R :=
  1 / 2 * (\sum_(i < n) (output d m w a (x i) - y i) ^ 2).

(* f with its i-th value replaced: the partial derivative of F by a_r is the derivative of
   s => F (update a r s) at s = a r. *)
Definition update {T : Type} (f : nat -> T) (i : nat) (v : T) : nat -> T :=
  fun j => if Nat.eqb j i then v else f j.

Lemma update_same : forall T (f : nat -> T) i, update f i (f i) = f.
Proof.
  intros T f i. apply functional_extensionality. intros j. unfold update.
  now destruct (Nat.eqb_spec j i) as [->|].
Qed.

Lemma update_derivative : forall f i s j,
  derivable_pt_lim (fun v => update f i v j) s (if Nat.eqb j i then 1 else 0).
Proof.
  intros f i s j. unfold update.
  destruct (Nat.eqb j i); [apply derivable_pt_lim_id|apply derivable_pt_lim_const].
Qed.

(* lem:chain-rule at a single time: only a crossing of 0 at non-zero speed is excluded. *)
Theorem chain_rule : forall z t l, derivable_pt_lim z t l -> z t <> 0 \/ l = 0 ->
  derivable_pt_lim (fun s => relu (z s)) t (ind_ge (z t) * l).
Proof.
  intros z t l slope away. destruct (Req_dec (z t) 0) as [zero|nonzero].
  - destruct away as [|still]; [easy|]. subst l. rewrite Rmult_0_r.
    intros eps pos. destruct (slope eps pos) as [delta close]. exists delta. intros h other near.
    specialize (close h other near). unfold relu. rewrite zero in close |- *.
    rewrite (Rmax_right 0 0) by lra. apply Rle_lt_trans with (2 := close). unfold Rdiv.
    rewrite !Rminus_0_r, !Rabs_mult. apply Rmult_le_compat_r; [apply Rabs_pos|].
    unfold Rmax, Rabs. destruct (Rle_dec _ _); repeat destruct (Rcase_abs _); lra.
  - apply (derivable_pt_lim_comp z relu); [easy|]. unfold ind_ge. destruct (Rle_dec 0 (z t)).
    + apply (derivable_pt_lim_locally_ext id relu _ 0 (z t + 1)); [lra| |apply derivable_pt_lim_id].
      intros; unfold relu, id; rewrite Rmax_left; lra.
    + apply (derivable_pt_lim_locally_ext (fct_cte 0) relu _ (z t - 1) 0);
        [lra| |apply derivable_pt_lim_const].
      intros; unfold relu, fct_cte; rewrite Rmax_right; lra.
Qed.

(* The product and chain rules for one output; every derivative of it below is an instance. *)
Lemma network_derivative : forall d m (w : R -> nat -> vector) (a : R -> vector) x t da dz,
  (forall r, (r < m)%nat -> derivable_pt_lim (fun s => a s r) t (da r)) ->
  (forall r, (r < m)%nat -> derivable_pt_lim (fun s => inner d (w s r) x) t (dz r)) ->
  (forall r, (r < m)%nat -> inner d (w t r) x <> 0 \/ dz r = 0) ->
  derivable_pt_lim (fun s => output d m (w s) (a s) x) t (1 / sqrt m * (\sum_(r < m)
    (da r * relu (inner d (w t r) x) + a t r * (ind_ge (inner d (w t r) x) * dz r)))).
Proof.
  intros d m w a x t da dz slope_a slope_z away.
  apply (derivable_pt_lim_scal (fun s => \sum_(r < m) a s r * relu (inner d (w s r) x))).
  apply (sum_derivative m (fun r s => a s r * relu (inner d (w s r) x))). intros r near.
  apply (derivable_pt_lim_mult (fun s => a s r) (fun s => relu (inner d (w s r) x))); auto.
  now apply (chain_rule (fun s => inner d (w s r) x)); auto.
Qed.

Lemma half_squares_derivative : forall n (u : R -> vector) y t du,
  (forall i, (i < n)%nat -> derivable_pt_lim (fun s => u s i) t (du i)) ->
  derivable_pt_lim (fun s => 1 / 2 * (\sum_(i < n) (u s i - y i) ^ 2)) t
    (\sum_(i < n) (u t i - y i) * du i).
Proof.
  intros n u y t du slope. replace (\sum_(i < n) (u t i - y i) * du i)
    with (1 / 2 * (\sum_(i < n) INR 2 * (u t i - y i) ^ pred 2 * (du i - 0)))
    by (rewrite <- sum_scale; apply sum_ext; intros; simpl; field).
  apply (derivable_pt_lim_scal (fun s => \sum_(i < n) (u s i - y i) ^ 2)).
  apply (sum_derivative n (fun i s => (u s i - y i) ^ 2)). intros i near.
  apply (derivable_pt_lim_comp (fun s => u s i - y i) (fun z => z ^ 2)), derivable_pt_lim_pow.
  apply (derivable_pt_lim_minus (fun s => u s i) (fun _ => y i)), derivable_pt_lim_const. auto.
Qed.

(* lem:output-derivatives, first formula: at every w, kinks included. *)
Theorem output_derivative : forall d m w a x r, (r < m)%nat ->
  derivable_pt_lim (fun s => output d m w (update a r s) x) (a r)
    (1 / sqrt m * relu (inner d (w r) x)).
Proof.
  intros d m w a x r near. eapply derivative_eq.
  - apply (network_derivative d m (fun _ => w)) with (dz := fun _ => 0); auto.
    + intros. apply update_derivative.
    + intros. apply derivable_pt_lim_const.
  - f_equal. rewrite <- (sum_single m r (fun q => relu (inner d (w q) x)) near).
    apply sum_ext; intros. destruct (Nat.eqb _ _); ring.
Qed.

(* lem:output-derivatives, second formula. *)
Theorem loss_derivative : forall d m n w a x y r, (r < m)%nat ->
  derivable_pt_lim (fun s => loss d m n w (update a r s) x y) (a r)
    (1 / sqrt m * (\sum_(j < n) (output d m w a (x j) - y j) * relu (inner d (w r) (x j)))).
Proof.
  intros d m n w a x y r near.
  eapply derivative_eq.
  - apply (half_squares_derivative n (fun s j => output d m w (update a r s) (x j))).
    intros j _. apply output_derivative, near.
  - rewrite update_same. sums.
Qed.

(* lem:gradients, first formula, where it is a derivative: off the kink. *)
Theorem hidden_output_derivative : forall d m w a x r k,
  (r < m)%nat -> (k < d)%nat -> inner d (w r) x <> 0 ->
  derivable_pt_lim (fun s => output d m (update w r (update (w r) k s)) a x) (w r k)
    (a r / sqrt m * ind_ge (inner d (w r) x) * x k).
Proof.
  intros d m w a x r k near_r near_k away.
  eapply derivative_eq.
  - apply (network_derivative d m (fun s => update w r (update (w r) k s)) (fun _ => a))
      with (da := fun _ => 0) (dz := fun q => if Nat.eqb q r then x k else 0).
    + intros. apply derivable_pt_lim_const.
    + intros q _. unfold update at 1. destruct (Nat.eqb q r); [|apply derivable_pt_lim_const].
      rewrite <- (sum_single d k x near_k).
      apply (sum_derivative d (fun i s => update (w r) k s i * x i)). intros i _.
      apply (derivative_eq _ _ ((if Nat.eqb i k then 1 else 0) * x i));
        [|destruct (Nat.eqb i k); ring].
      apply (derivable_pt_lim_scal_right (fun s => update (w r) k s i)), update_derivative.
    + intros q _. rewrite !update_same. destruct (Nat.eqb_spec q r) as [->|]; auto.
  - transitivity (1 / sqrt m * (a r * (ind_ge (inner d (w r) x) * x k))); [|unfold Rdiv; ring].
    rewrite !update_same. f_equal.
    rewrite <- (sum_single m r (fun q => a q * (ind_ge (inner d (w q) x) * x k)) near_r).
    apply sum_ext; intros. destruct (Nat.eqb _ _); ring.
Qed.

(* eq:gradient, second formula, which eq:flow uses at every w ... *)
Definition hidden_gradient (d m n : nat) (w : nat -> vector) a x (y : vector) r : vector :=
  fun k => a r / sqrt m
    * (\sum_(i < n) (output d m w a (x i) - y i) * ind_ge (inner d (w r) (x i)) * x i k).

(* ... and which is the derivative off the kinks. *)
Theorem hidden_loss_derivative : forall d m n w a x y r k, (r < m)%nat -> (k < d)%nat ->
  (forall i, (i < n)%nat -> inner d (w r) (x i) <> 0) ->
  derivable_pt_lim (fun s => loss d m n (update w r (update (w r) k s)) a x y) (w r k)
    (hidden_gradient d m n w a x y r k).
Proof.
  intros d m n w a x y r k near_r near_k away.
  eapply derivative_eq.
  - apply (half_squares_derivative n
      (fun s i => output d m (update w r (update (w r) k s)) a (x i))).
    intros i near. apply hidden_output_derivative; auto.
  - unfold hidden_gradient. rewrite !update_same. sums.
Qed.

(* The kernels of eq:h-of-t and eq:g; 1{p and q} is the product of the two patterns. *)
Definition HH (d m : nat) (w : nat -> vector) (a : vector) (x : nat -> vector) : matrix :=
  fun i j => inner d (x i) (x j) / m
    * (\sum_(r < m) a r ^ 2 * (ind_ge (inner d (w r) (x i)) * ind_ge (inner d (w r) (x j)))).
Definition GG (d m : nat) (w : nat -> vector) (x : nat -> vector) : matrix :=
  fun i j => 1 / m * (\sum_(r < m) relu (inner d (w r) (x i)) * relu (inner d (w r) (x j))).

(* lem:output-derivatives, "along the flow": v = da_r/dt is -dL/da_r. *)
Theorem output_weight_flow : forall d m n w a x y r v, (r < m)%nat ->
  derivable_pt_lim (fun s => loss d m n w (update a r s) x y) (a r) (- v) ->
  v = 1 / sqrt m * (\sum_(j < n) (y j - output d m w a (x j)) * relu (inner d (w r) (x j))).
Proof.
  intros d m n w a x y r v near slope. rewrite <- (Ropp_involutive v).
  rewrite (uniqueness_limite _ _ _ _ slope (loss_derivative _ _ _ _ _ _ _ _ near)).
  rewrite Ropp_mult_distr_l. sums.
Qed.

(* prop:equation-i, with du_i/da_r for du r and da_r/dt = -dL/da_r for da r. *)
Theorem equation_i : forall d m n w a x y i du da,
  (forall r, (r < m)%nat ->
    derivable_pt_lim (fun s => output d m w (update a r s) (x i)) (a r) (du r)) ->
  (forall r, (r < m)%nat ->
    derivable_pt_lim (fun s => loss d m n w (update a r s) x y) (a r) (- da r)) ->
  \sum_(r < m) du r * da r = \sum_(j < n) (y j - output d m w a (x j)) * GG d m w x i j.
Proof.
  intros d m n w a x y i du da is_du is_da.
  transitivity (\sum_(r < m) relu (inner d (w r) (x i))
    * (\sum_(j < n) (y j - output d m w a (x j)) * (1 / m * relu (inner d (w r) (x j))))).
  - apply sum_ext; intros r near. rewrite <- root_squared.
    rewrite (uniqueness_limite _ _ _ _ (is_du r near) (output_derivative _ _ _ _ _ _ near)).
    rewrite (output_weight_flow _ _ _ _ _ _ _ _ _ near (is_da r near)). sums.
  - rewrite sum_exchange. unfold GG. apply sum_ext; intros. f_equal. sums.
Qed.

(** ** The flow of the outputs *)

Definition mul_vec (n : nat) (A : matrix) (z : vector) : vector :=
  fun i => \sum_(j < n) A i j * z j.
Definition quadratic (n : nat) (A : matrix) (z : vector) : R := inner n z (mul_vec n A z).
Definition add (A B : matrix) : matrix := fun i j => A i j + B i j.

(* eq:flow at time t: for the hidden weights with the convention at the kinks ... *)
Definition hidden_flow d m n (w : R -> nat -> vector) (a : R -> vector) x y t : Prop :=
  forall r k, (r < m)%nat -> (k < d)%nat ->
  derivable_pt_lim (fun s => w s r k) t (- hidden_gradient d m n (w t) (a t) x y r k).
(* ... and for the output weights: da_r/dt exists and is -dL/da_r. *)
Definition output_weights_flow d m n (w : R -> nat -> vector) (a : R -> vector) x y t : Prop :=
  forall r, (r < m)%nat -> exists v, derivable_pt_lim (fun s => a s r) t v
  /\ derivable_pt_lim (fun s => loss d m n (w t) (update (a t) r s) x y) (a t r) (- v).
(* What chain_rule asks: no pre-activation of the sample x crosses 0 at a speed other than 0. *)
Definition no_crossing d m (w : R -> nat -> vector) x t : Prop :=
  forall r, (r < m)%nat ->
  inner d (w t r) x <> 0 \/ derivable_pt_lim (fun s => inner d (w s r) x) t 0.

Lemma pre_activation_derivative : forall d m n w a x y t i r, (r < m)%nat ->
  hidden_flow d m n w a x y t -> no_crossing d m w (x i) t ->
  let dz := \sum_(k < d) - hidden_gradient d m n (w t) (a t) x y r k * x i k in
  derivable_pt_lim (fun s => inner d (w s r) (x i)) t dz /\ (inner d (w t r) (x i) <> 0 \/ dz = 0).
Proof.
  intros d m n w a x y t i r near flow away dz.
  assert (slope : derivable_pt_lim (fun s => inner d (w s r) (x i)) t dz).
  { apply (sum_derivative d (fun k s => w s r k * x i k)). intros k near_k.
    apply (derivable_pt_lim_scal_right (fun s => w s r k)); auto. }
  split; [exact slope|]. destruct (away r near) as [|still]; [auto|right].
  exact (uniqueness_limite _ _ _ _ slope still).
Qed.

(* prop:output-flow, first sum: what the motion of the hidden weights contributes. *)
Lemma hidden_part : forall d m n w a x y i, let u := fun j => output d m w a (x j) in
  1 / sqrt m * (\sum_(r < m) a r * (ind_ge (inner d (w r) (x i))
    * (\sum_(k < d) - hidden_gradient d m n w a x y r k * x i k)))
  = mul_vec n (HH d m w a x) (diff y u) i.
Proof.
  intros d m n w a x y i u.
  assert (speed : forall r, \sum_(k < d) - hidden_gradient d m n w a x y r k * x i k
    = \sum_(j < n) diff y u j
      * (a r / sqrt m * ind_ge (inner d (w r) (x j)) * inner d (x i) (x j))).
  { intros r. transitivity (\sum_(k < d) x i k * (\sum_(j < n) diff y u j
      * (a r / sqrt m * ind_ge (inner d (w r) (x j)) * x j k))).
    - apply sum_ext; intros. unfold hidden_gradient, diff, u.
      rewrite Ropp_mult_distr_l, Rmult_comm. f_equal. sums.
    - rewrite sum_exchange. apply sum_ext; intros. unfold inner. f_equal. sums. }
  transitivity (\sum_(r < m) (a r / sqrt m * ind_ge (inner d (w r) (x i)))
    * (\sum_(j < n) diff y u j
      * (a r / sqrt m * ind_ge (inner d (w r) (x j)) * inner d (x i) (x j)))).
  - rewrite <- sum_scale. apply sum_ext; intros. rewrite speed. unfold Rdiv. ring.
  - rewrite sum_exchange. unfold mul_vec, HH. apply sum_ext; intros j _.
    rewrite Rmult_comm. f_equal.
    replace (inner d (x i) (x j) / m) with (inner d (x i) (x j) * (1 / sqrt m * (1 / sqrt m)))
      by (rewrite root_squared; unfold Rdiv; ring).
    unfold Rdiv. sums.
Qed.

(* ... second sum, by equation (i); da is the speed of the output weights. *)
Lemma output_part : forall d m n w a x y t, output_weights_flow d m n w a x y t ->
  exists da : vector, (forall r, (r < m)%nat -> derivable_pt_lim (fun s => a s r) t (da r))
  /\ forall i, 1 / sqrt m * (\sum_(r < m) da r * relu (inner d (w t r) (x i)))
    = mul_vec n (GG d m (w t) x) (diff y (fun j => output d m (w t) (a t) (x j))) i.
Proof.
  intros d m n w a x y t flow. set (da := fun r => 1 / sqrt m * (\sum_(j < n)
    (y j - output d m (w t) (a t) (x j)) * relu (inner d (w t r) (x j)))).
  exists da. split; [|intros i; transitivity (\sum_(r < m)
    1 / sqrt m * relu (inner d (w t r) (x i)) * da r); [sums|]].
  - intros r near. destruct (flow r near) as (v & slope & steepest). unfold da.
    now rewrite <- (output_weight_flow _ _ _ _ _ _ _ _ _ near steepest).
  - rewrite (equation_i d m n (w t) (a t) x y i);
      [apply sum_ext; intros; apply Rmult_comm|intros; now apply output_derivative|].
    intros r near. destruct (flow r near) as (v & _ & steepest). unfold da.
    now rewrite <- (output_weight_flow _ _ _ _ _ _ _ _ _ near steepest).
Qed.

Lemma mul_vec_add : forall n A B z i,
  mul_vec n (add A B) z i = mul_vec n A z i + mul_vec n B z i.
Proof. intros n A B z i. unfold mul_vec, add. sums. Qed.

(* prop:output-flow: both layers move, du/dt = (H + G)(y - u). *)
Theorem output_flow : forall d m n w a x y t i,
  let u := fun s j => output d m (w s) (a s) (x j) in
  hidden_flow d m n w a x y t -> output_weights_flow d m n w a x y t ->
  no_crossing d m w (x i) t ->
  derivable_pt_lim (fun s => u s i) t
    (mul_vec n (add (HH d m (w t) (a t) x) (GG d m (w t) x)) (diff y (u t)) i).
Proof.
  intros d m n w a x y t i u flow_w flow_a away. unfold u.
  destruct (output_part d m n w a x y t flow_a) as (da & slope & part).
  rewrite mul_vec_add, <- hidden_part, <- part, Rplus_comm, <- Rmult_plus_distr_l, <- sum_plus.
  apply network_derivative; [auto| |]; intros; now apply pre_activation_derivative.
Qed.

(* eq:output-flow-one-layer: a is fixed, du/dt = H(y - u). *)
Theorem output_flow_one_layer : forall d m n w a x y t i,
  let u := fun s j => output d m (w s) a (x j) in
  hidden_flow d m n w (fun _ => a) x y t -> no_crossing d m w (x i) t ->
  derivable_pt_lim (fun s => u s i) t (mul_vec n (HH d m (w t) a x) (diff y (u t)) i).
Proof.
  intros d m n w a x y t i u flow away. unfold u. rewrite <- hidden_part.
  rewrite (sum_ext m _ (fun r => 0 * relu (inner d (w t r) (x i)) + a r
    * (ind_ge (inner d (w t r) (x i))
      * (\sum_(k < d) - hidden_gradient d m n (w t) a x y r k * x i k)))) by (intros; ring).
  apply (network_derivative d m w (fun _ => a)); [intros; apply derivable_pt_lim_const| |];
    intros; now apply (pre_activation_derivative d m n w (fun _ => a)).
Qed.

(* The other half: w is fixed, du/dt = G(y - u), at kinks too. *)
Theorem output_flow_fixed_hidden : forall d m n w a x y t i,
  let u := fun s j => output d m w (a s) (x j) in
  output_weights_flow d m n (fun _ => w) a x y t ->
  derivable_pt_lim (fun s => u s i) t (mul_vec n (GG d m w x) (diff y (u t)) i).
Proof.
  intros d m n w a x y t i u flow. unfold u.
  destruct (output_part d m n _ a x y t flow) as (da & slope & part). rewrite <- part.
  rewrite (sum_ext m _ (fun r => da r * relu (inner d (w r) (x i))
    + a t r * (ind_ge (inner d (w r) (x i)) * 0))) by (intros; ring).
  apply (network_derivative d m (fun _ => w)); auto. intros; apply derivable_pt_lim_const.
Qed.

(* lem:g-psd: G is a Gram matrix. *)
Theorem g_symmetric : forall d m w x i j, GG d m w x i j = GG d m w x j i.
Proof. intros. unfold GG. f_equal. apply sum_ext; intros; ring. Qed.

Theorem g_sum_of_squares : forall d m n w x z,
  quadratic n (GG d m w x) z
  = 1 / m * (\sum_(r < m) (\sum_(i < n) z i * relu (inner d (w r) (x i))) ^ 2).
Proof.
  intros d m n w x z. set (s := fun r i => relu (inner d (w r) (x i))).
  transitivity (\sum_(i < n) z i * (\sum_(r < m) 1 / m * (\sum_(j < n) z j * s r j) * s r i));
    [|rewrite <- sum_exchange, <- (sum_scale m); apply sum_ext; intros; unfold s; ring].
  apply sum_ext; intros i _. f_equal.
  transitivity (\sum_(j < n) z j * (\sum_(r < m) 1 / m * s r i * s r j));
    [|rewrite <- sum_exchange; sums].
  apply sum_ext; intros j _. unfold GG, s. rewrite Rmult_comm. f_equal. sums.
Qed.

Theorem g_positive_semidefinite : forall d m n w x z, 0 <= quadratic n (GG d m w x) z.
Proof.
  intros d m n w x z. rewrite g_sum_of_squares, <- root_squared.
  apply Rmult_le_pos; [apply Rle_0_sqr|]. apply sum_nonneg; intros; apply pow2_ge_0.
Qed.

Lemma quadratic_add : forall n A B z, quadratic n (add A B) z = quadratic n A z + quadratic n B z.
Proof.
  intros n A B z. unfold quadratic, inner. rewrite <- sum_plus.
  apply sum_ext; intros. rewrite mul_vec_add. ring.
Qed.

(* eq:loss-derivative, (ii): for every matrix H. *)
Theorem inequality_g : forall d m n w x H z,
  -2 * quadratic n (add H (GG d m w x)) z <= -2 * quadratic n H z.
Proof. intros. rewrite quadratic_add. pose proof (g_positive_semidefinite d m n w x z). lra. Qed.

(* eq:dropped: what (ii) drops, as a sum of squares and as the speed of the output weights. *)
Theorem dropped_term : forall d m n w a x y H da,
  let z := diff y (fun i => output d m w a (x i)) in
  (forall r, (r < m)%nat ->
    derivable_pt_lim (fun s => loss d m n w (update a r s) x y) (a r) (- da r)) ->
  let dropped := -2 * quadratic n (add H (GG d m w x)) z - -2 * quadratic n H z in
  dropped = - (2 / m) * (\sum_(r < m) (\sum_(i < n) z i * relu (inner d (w r) (x i))) ^ 2)
  /\ dropped = -2 * norm m da ^ 2.
Proof.
  intros d m n w a x y H da z is_da dropped. unfold dropped.
  rewrite quadratic_add, g_sum_of_squares. split; [unfold Rdiv; ring|].
  enough (norm m da ^ 2
    = 1 / m * (\sum_(r < m) (\sum_(i < n) z i * relu (inner d (w r) (x i))) ^ 2)) by lra.
  rewrite norm_squared, <- root_squared, <- sum_scale. apply sum_ext; intros r near.
  rewrite (output_weight_flow _ _ _ _ _ _ _ _ _ near (is_da r near)). unfold z, diff. ring.
Qed.

(* prop:inequality-g, equality in (ii): exactly where the output weights stand still. *)
Theorem inequality_g_equality : forall d m n w a x y H da,
  let z := diff y (fun i => output d m w a (x i)) in
  (forall r, (r < m)%nat ->
    derivable_pt_lim (fun s => loss d m n w (update a r s) x y) (a r) (- da r)) ->
  (-2 * quadratic n (add H (GG d m w x)) z = -2 * quadratic n H z
   <-> forall r, (r < m)%nat -> da r = 0).
Proof.
  intros d m n w a x y H da z is_da.
  destruct (dropped_term d m n w a x y H da is_da) as [_ dropped]. fold z in dropped.
  transitivity (inner m da da = 0); [rewrite <- norm_squared; lra|].
  unfold inner. rewrite sum_zero by (intros; nra).
  split; intros zero r near; specialize (zero r near); nra.
Qed.

(** * From the flow to the decay *)

(* eq:loss-derivative, its equality, for whichever kernel drives the flow: H where one layer is
   trained, H + G where both are. *)
Theorem loss_flow_derivative : forall n K (u : R -> vector) y t,
  (forall i, (i < n)%nat -> derivable_pt_lim (fun s => u s i) t (mul_vec n K (diff y (u t)) i)) ->
  derivable_pt_lim (fun s => norm n (diff y (u s)) ^ 2) t (-2 * quadratic n K (diff y (u t))).
Proof.
  intros n K u y t slope.
  apply (derivable_pt_lim_ext (fun s => 2 * (1 / 2 * (\sum_(i < n) (u s i - y i) ^ 2)))).
  - intros s. rewrite norm_squared, <- Rmult_assoc, <- sum_scale.
    apply sum_ext; intros. unfold diff. field.
  - eapply derivative_eq.
    + apply (derivable_pt_lim_scal (fun s => 1 / 2 * (\sum_(i < n) (u s i - y i) ^ 2))).
      apply half_squares_derivative, slope.
    + unfold quadratic, inner. rewrite <- !sum_scale.
      apply sum_ext; intros. unfold diff at 2. ring.
Qed.

Lemma sum_continuity : forall n (f : nat -> R -> R) t,
  (forall i, (i < n)%nat -> continuity_pt (f i) t) ->
  continuity_pt (fun s => \sum_(i < n) f i s) t.
Proof.
  induction n as [|n IH]; intros f t each; simpl; [now apply continuity_pt_const|].
  apply (continuity_pt_plus (fun s => \sum_(i < n) f i s) (f n));
    [apply IH; intros|]; apply each; lia.
Qed.

(* The hypotheses of prop:decay.  A solution on [0, T] is continued by constants to the left and
   right; lambda_min(K) >= c is said by the quadratic form. *)
Definition continuous_on (n : nat) T (u : R -> vector) : Prop :=
  forall i t, (i < n)%nat -> 0 <= t <= T -> continuity_pt (fun s => u s i) t.
Definition driven_by (n : nat) (K : R -> matrix) (u : R -> vector) y t : Prop :=
  forall i, (i < n)%nat ->
  derivable_pt_lim (fun s => u s i) t (mul_vec n (K t) (diff y (u t)) i).
Definition coercive (n : nat) c (K : matrix) : Prop :=
  forall z, c * norm n z ^ 2 <= quadratic n K z.

(* prop:decay for whichever kernel K drives the flow. *)
Theorem decay : forall n T lambda0 (K : R -> matrix) (u : R -> vector) y,
  continuous_on n T u -> almost_always T (driven_by n K u y) ->
  almost_always T (fun t => coercive n (lambda0 / 2) (K t)) ->
  forall t, 0 <= t <= T ->
  norm n (diff y (u t)) ^ 2 <= exp (- lambda0 * t) * norm n (diff y (u 0)) ^ 2.
Proof.
  intros n T lambda0 K u y continuous slope large t within.
  destruct (almost_and _ _ _ slope large) as [kinks both].
  set (f := fun s => exp (lambda0 * s) * inner n (diff y (u s)) (diff y (u s))).
  assert (down : f t <= f 0).
  { apply (nonincreasing kinks f (fun s => exp (lambda0 * s) * (lambda0 * 1)
      * inner n (diff y (u s)) (diff y (u s))
      + exp (lambda0 * s) * (-2 * quadratic n (K s) (diff y (u s))))); [lra| |].
    - intros s inside. apply continuity_pt_mult.
      + apply derivable_continuous_pt. reg.
      + apply sum_continuity. intros i near. unfold diff.
        assert (continuity_pt (fun s => y i - u s i) s).
        { apply (continuity_pt_minus (fun _ => y i) (fun s => u s i)).
          - now apply continuity_pt_const.
          - apply continuous; [easy|lra]. }
        now apply continuity_pt_mult.
    - intros s inside regular. split.
      + apply (derivable_pt_lim_mult (fun s => exp (lambda0 * s))
          (fun s => inner n (diff y (u s)) (diff y (u s)))).
        * apply (derivable_pt_lim_comp (fun s => lambda0 * s) exp).
          -- apply (derivable_pt_lim_scal id), derivable_pt_lim_id.
          -- apply derivable_pt_lim_exp.
        * apply (derivable_pt_lim_ext (fun s => norm n (diff y (u s)) ^ 2));
            [intros; apply norm_squared|].
          apply loss_flow_derivative. apply both; [lra|easy].
      + pose proof (exp_pos (lambda0 * s)).
        pose proof (proj2 (both s ltac:(lra) regular) (diff y (u s))) as half.
        rewrite norm_squared in half. nra. }
  unfold f in down. rewrite Rmult_0_r, exp_0, Rmult_1_l, <- !norm_squared in down.
  apply Rmult_le_reg_l with (exp (lambda0 * t)); [apply exp_pos|].
  rewrite <- Rmult_assoc, <- exp_plus. replace (_ + _) with 0 by ring. rewrite exp_0. lra.
Qed.

Lemma exp_square : forall z, exp z ^ 2 = exp (2 * z).
Proof. intros z. simpl. rewrite Rmult_1_r, <- exp_plus. f_equal. ring. Qed.

(* prop:decay, the square root: the exponent is - lambda0 t / 2. *)
Corollary decay_norm : forall n T lambda0 (K : R -> matrix) (u : R -> vector) y,
  continuous_on n T u -> almost_always T (driven_by n K u y) ->
  almost_always T (fun t => coercive n (lambda0 / 2) (K t)) ->
  forall t, 0 <= t <= T ->
  norm n (diff y (u t)) <= exp (- lambda0 * t / 2) * norm n (diff y (u 0)).
Proof.
  intros n T lambda0 K u y continuous slope large t within.
  apply square_le; [apply Rmult_le_pos; [apply Rlt_le, exp_pos|apply norm_nonneg]|].
  replace ((exp (- lambda0 * t / 2) * norm n (diff y (u 0))) ^ 2)
    with (exp (- lambda0 * t) * norm n (diff y (u 0)) ^ 2).
  - now apply (decay n T lambda0 K).
  - rewrite Rpow_mult_distr, exp_square. do 2 f_equal. field.
Qed.

(* prop:decay, "cannot be improved": equality for n = 1 and the kernel lambda0 / 2. *)
Theorem decay_norm_sharp : forall lambda0,
  let y := fun _ : nat => 1 in
  let u := fun t (_ : nat) => 1 - exp (- lambda0 * t / 2) in
  let K := fun _ _ : nat => lambda0 / 2 in
  (forall t, derivable_pt_lim (fun s => u s 0%nat) t (mul_vec 1 K (diff y (u t)) 0%nat))
  /\ (forall z, lambda0 / 2 * norm 1 z ^ 2 <= quadratic 1 K z)
  /\ norm 1 (diff y (u 0)) = 1
  /\ forall t, norm 1 (diff y (u t)) = exp (- lambda0 * t / 2) * norm 1 (diff y (u 0)).
Proof.
  intros lambda0 y u K.
  assert (length : forall t, norm 1 (diff y (u t)) = exp (- lambda0 * t / 2)).
  { intros t. unfold norm, inner, diff, y, u. simpl.
    replace (0 + _) with (exp (- lambda0 * t / 2) ^ 2) by ring.
    rewrite sqrt_pow2; [easy|apply Rlt_le, exp_pos]. }
  assert (start : norm 1 (diff y (u 0)) = 1)
    by (rewrite length; unfold Rdiv; rewrite Rmult_0_r, Rmult_0_l; apply exp_0).
  repeat split; [| |easy|intros; now rewrite length, start, Rmult_1_r].
  - intros t. unfold u, mul_vec, diff, y, K. simpl.
    replace (0 + _) with (0 - exp (- lambda0 * t / 2) * (- lambda0 * 1 * / 2)) by field.
    apply (derivable_pt_lim_minus (fun _ => 1) (fun s => exp (- lambda0 * s / 2)));
      [apply derivable_pt_lim_const|].
    apply (derivable_pt_lim_comp (fun s => - lambda0 * s / 2) exp); [|apply derivable_pt_lim_exp].
    apply (derivable_pt_lim_scal_right (fun s => - lambda0 * s)).
    apply (derivable_pt_lim_scal id), derivable_pt_lim_id.
  - intros z. rewrite norm_squared. unfold quadratic, mul_vec, inner, K. simpl. lra.
Qed.

(* No pre-activation crosses 0 at another speed, but for countably many times: lem:chain-rule. *)
Lemma almost_no_crossing : forall d m T (w : R -> nat -> vector) (x : nat -> vector),
  almost_always T (fun t => exists dw : nat -> vector, forall r k, (r < m)%nat -> (k < d)%nat ->
    derivable_pt_lim (fun s => w s r k) t (dw r k)) ->
  almost_always T (fun t => forall i, no_crossing d m w (x i) t).
Proof.
  intros d m T w x moves.
  set (z := fun h s => let (i, r) := of_nat h in
    if Nat.ltb r m then inner d (w s r) (x i) else 0).
  apply (almost_weaken T T (fun t => forall h, z h t <> 0 \/ derivable_pt_lim (z h) t 0)); [lra| |].
  - intros t _ rare i r near. specialize (rare (to_nat (i, r))). unfold z in rare.
    rewrite cancel_of_to in rare. now rewrite (proj2 (Nat.ltb_lt r m) near) in rare.
  - apply crossings_are_rare. revert moves. apply almost_weaken; [lra|].
    intros t _ [dw slope] h. unfold z. destruct (of_nat h) as [i r].
    destruct (Nat.ltb_spec r m); [|exists 0; apply derivable_pt_lim_const].
    exists (\sum_(k < d) dw r k * x i k). apply (sum_derivative d (fun k s => w s r k * x i k)).
    intros k near. apply (derivable_pt_lim_scal_right (fun s => w s r k)). auto.
Qed.

Lemma hidden_flow_no_crossing : forall d m n T w a x y,
  almost_always T (hidden_flow d m n w a x y) ->
  almost_always T (fun t => forall i, no_crossing d m w (x i) t).
Proof.
  intros d m n T w a x y flow. apply almost_no_crossing. revert flow.
  apply almost_weaken; [lra|]. intros t _ moves. eexists. exact moves.
Qed.

(* prop:decay for the network: a is fixed, and lambda_min(H(t)) >= lambda0 / 2. *)
Corollary one_layer_decay : forall d m n T lambda0 w a x y,
  let u := fun s j => output d m (w s) a (x j) in
  continuous_on n T u -> almost_always T (hidden_flow d m n w (fun _ => a) x y) ->
  almost_always T (fun t => coercive n (lambda0 / 2) (HH d m (w t) a x)) ->
  forall t, 0 <= t <= T ->
  norm n (diff y (u t)) <= exp (- lambda0 * t / 2) * norm n (diff y (u 0)).
Proof.
  intros d m n T lambda0 w a x y u continuous flow large.
  apply (decay_norm n T lambda0 (fun t => HH d m (w t) a x)); [easy| |easy].
  generalize (almost_and _ _ _ flow (hidden_flow_no_crossing _ _ _ _ _ _ _ _ flow)).
  apply almost_weaken; [lra|]. intros t _ [moves away] i near.
  now apply output_flow_one_layer.
Qed.

(* eq:gradient-chain as a whole, from dw_r/ds = - hidden_gradient to the corrected last step. *)
Corollary gradient_chain : forall d m n T lambda0 w a x y r,
  let u := fun s j => output d m (w s) a (x j) in
  (forall i, (i < n)%nat -> norm d (x i) = 1) -> a r = 1 \/ a r = -1 ->
  continuous_on n T u -> almost_always T (hidden_flow d m n w (fun _ => a) x y) ->
  almost_always T (fun t => coercive n (lambda0 / 2) (HH d m (w t) a x)) ->
  forall t, 0 <= t <= T ->
  norm d (fun k => - hidden_gradient d m n (w t) a x y r k)
  <= sqrt n / sqrt m * (exp (- lambda0 * t / 2) * norm n (diff y (u 0))).
Proof.
  intros d m n T lambda0 w a x y r u unit sign continuous flow large t within.
  replace (norm d _) with (norm d (fun k => \sum_(i < n) (y i - u t i) * (1 / sqrt m) * a r
    * ind_ge (inner d (w t r) (x i)) * x i k)).
  - eapply Rle_trans; [now apply gradient_bound|]. apply Rmult_le_compat_l.
    + replace (sqrt n / sqrt m) with (sqrt n * (1 / sqrt m)) by (unfold Rdiv; ring).
      apply Rmult_le_pos; [apply sqrt_pos|apply root_nonneg].
    + now apply (one_layer_decay d m n T lambda0).
  - unfold norm. f_equal. apply sum_ext; intros k _.
    f_equal; unfold hidden_gradient, u, Rdiv; rewrite Ropp_mult_distr_l; sums.
Qed.

(* Theorem 3.3's use of (ii): both layers move, and lambda_min(H(t)) >= lambda0 / 2 suffices. *)
Corollary both_layers_decay : forall d m n T lambda0 w a x y,
  let u := fun s j => output d m (w s) (a s) (x j) in
  continuous_on n T u -> almost_always T (hidden_flow d m n w a x y) ->
  almost_always T (output_weights_flow d m n w a x y) ->
  almost_always T (fun t => coercive n (lambda0 / 2) (HH d m (w t) (a t) x)) ->
  forall t, 0 <= t <= T ->
  norm n (diff y (u t)) <= exp (- lambda0 * t / 2) * norm n (diff y (u 0)).
Proof.
  intros d m n T lambda0 w a x y u continuous hidden outer large.
  apply (decay_norm n T lambda0 (fun t => add (HH d m (w t) (a t) x) (GG d m (w t) x)));
    [easy| |].
  - pose proof (hidden_flow_no_crossing _ _ _ _ _ _ _ _ hidden) as away.
    generalize (almost_and _ _ _ hidden (almost_and _ _ _ outer away)).
    apply almost_weaken; [lra|]. intros t _ (flow_w & flow_a & rare) i near.
    now apply output_flow.
  - revert large. apply almost_weaken; [lra|]. intros t _ large z. rewrite quadratic_add.
    pose proof (g_positive_semidefinite d m n (w t) x z). specialize (large z). lra.
Qed.
