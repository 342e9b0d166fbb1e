(* The flow that slides along kinks, and how long it stays near its initialisation; to be read as
   answers.v is.

   Not formalised: that a sliding flow exists (one is exhibited in the example); absolutely
   continuous weights, in whose place continuous ones have derivatives at all times but countably
   many; the probabilities under which the hypotheses of thm:a-priori hold. *)

From Coq Require Import Reals Lra Lia FunctionalExtensionality.
Require Import times answers.
Local Open Scope R_scope.
Local Coercion INR : nat >-> R.

(** * Inner products of combinations *)

Lemma sum_abs : forall n f, Rabs (sum n f) <= \sum_(i < n) Rabs (f i).
Proof.
  intros n f; induction n as [|n IH]; simpl; [rewrite Rabs_R0; lra|].
  pose proof (Rabs_triang (sum n f) (f n)). lra.
Qed.

Lemma inner_comm : forall d v w, inner d v w = inner d w v.
Proof. intros. unfold inner. sums. Qed.

Lemma inner_ext : forall d v v' w w', (forall k, (k < d)%nat -> v k = v' k) ->
  (forall k, (k < d)%nat -> w k = w' k) -> inner d v w = inner d v' w'.
Proof. intros d v v' w w' left right. apply sum_ext; intros. now rewrite left, right. Qed.

Lemma norm_ext : forall d v w, (forall k, (k < d)%nat -> v k = w k) -> norm d v = norm d w.
Proof. intros d v w same. unfold norm. f_equal. now apply inner_ext. Qed.

Lemma inner_scale : forall d c v w, inner d v (fun k => c * w k) = c * inner d v w.
Proof. intros. unfold inner. sums. Qed.

Lemma inner_diff : forall d v w w', inner d v (diff w w') = inner d v w - inner d v w'.
Proof.
  intros. transitivity (inner d v w + -1 * inner d v w'); [unfold inner, diff; sums|ring].
Qed.

Lemma inner_combination : forall d n v c (x : nat -> vector),
  inner d v (fun k => \sum_(j < n) c j * x j k) = \sum_(j < n) c j * inner d v (x j).
Proof. intros d n v c x. apply (sum_exchange d n v c (fun k j => x j k)). Qed.

Lemma inner_derivative : forall d (w : R -> vector) v t dw,
  (forall k, (k < d)%nat -> derivable_pt_lim (fun s => w s k) t (dw k)) ->
  derivable_pt_lim (fun s => inner d v (w s)) t (inner d v dw).
Proof.
  intros d w v t dw slope. apply (sum_derivative d (fun k s => v k * w s k)). intros k near.
  now apply (derivable_pt_lim_scal (fun s => w s k)), slope.
Qed.

Lemma inner_continuity : forall d (v w : R -> vector) t,
  (forall k, (k < d)%nat -> continuity_pt (fun s => v s k) t) ->
  (forall k, (k < d)%nat -> continuity_pt (fun s => w s k) t) ->
  continuity_pt (fun s => inner d (v s) (w s)) t.
Proof.
  intros d v w t left right. apply (sum_continuity d (fun k s => v s k * w s k)). intros k near.
  apply (continuity_pt_mult (fun s => v s k) (fun s => w s k)); auto.
Qed.

(** * Sliding along kinks *)

(* H^p of eq:h-sliding: fractions p i r in place of the indicators 1{<w_r, x_i> >= 0}. *)
Definition HP (d m : nat) (p : matrix) (x : nat -> vector) : matrix :=
  fun i j => inner d (x i) (x j) / m * (\sum_(r < m) p i r * p j r).

(* p may stand for the indicators at w: it is any number where a pre-activation is 0 ... *)
Definition off_kinks d m n (w : nat -> vector) x (p : matrix) : Prop :=
  forall i r, (i < n)%nat -> (r < m)%nat ->
  inner d (w r) (x i) <> 0 -> p i r = ind_ge (inner d (w r) (x i)).
(* ... and a fraction for prop:sliding. *)
Definition fractions m n (p : matrix) : Prop :=
  forall i r, (i < n)%nat -> (r < m)%nat -> 0 <= p i r <= 1.

(* dw_r/dt, of which e are the residuals. *)
Definition velocity (d m n : nat) (p : matrix) (a : vector) (x : nat -> vector) e r : vector :=
  fun k => a r / sqrt m * (\sum_(j < n) e j * p j r * x j k).

Definition residual d m w a x y : vector := diff y (fun j => output d m w a (x j)).

(* The flow of prop:sliding at time t ... *)
Definition moves_with d m n (w : R -> nat -> vector) (p : matrix) a x y t : Prop :=
  forall r k, (r < m)%nat -> (k < d)%nat ->
  derivable_pt_lim (fun s => w s r k) t (velocity d m n p a x (residual d m (w t) a x y) r k).
Definition sliding_flow d m n (w : R -> nat -> vector) (p : matrix) a x y t : Prop :=
  fractions m n p /\ off_kinks d m n (w t) x p /\ moves_with d m n w p a x y t.
(* ... and on [0, T]. *)
Definition slides d m n T (w : R -> nat -> vector) (p : R -> matrix) a x y : Prop :=
  (forall r, (r < m)%nat -> continuous_on d T (fun s => w s r))
  /\ almost_always T (fun t => sliding_flow d m n w (p t) a x y t).

Lemma inner_velocity : forall d m n p a x e r v,
  inner d v (velocity d m n p a x e r)
  = a r / sqrt m * (\sum_(j < n) e j * p j r * inner d v (x j)).
Proof.
  intros. unfold velocity. rewrite inner_scale. f_equal.
  apply (inner_combination d n v (fun j => e j * p j r) x).
Qed.

(* prop:sliding, the exchange of the sums, for vectors of which g r j are the products with x_i. *)
Lemma exchange_kernel : forall (n m : nat) (s : matrix) a e g i,
  (forall r, (r < m)%nat -> a r = 1 \/ a r = -1) ->
  1 / sqrt m * (\sum_(r < m) a r * (s i r * (a r / sqrt m * (\sum_(j < n) e j * s j r * g r j))))
  = \sum_(j < n) 1 / m * (\sum_(r < m) s i r * s j r * g r j) * e j.
Proof.
  intros n m s a e g i signs. rewrite <- sum_scale.
  transitivity (\sum_(r < m) s i r * (\sum_(j < n) e j * (1 / m * s j r * g r j))).
  - apply sum_ext; intros r near.
    assert (square : a r * a r = 1) by (destruct (signs r near) as [-> | ->]; ring).
    transitivity (a r * a r * (s i r * (1 / sqrt m * (1 / sqrt m)
      * (\sum_(j < n) e j * s j r * g r j)))); [unfold Rdiv; ring|].
    rewrite square, root_squared, Rmult_1_l. f_equal. sums.
  - rewrite sum_exchange. apply sum_ext; intros j _. rewrite Rmult_comm. f_equal. sums.
Qed.

Lemma velocity_kernel : forall d m n p a x e i,
  (forall r, (r < m)%nat -> a r = 1 \/ a r = -1) ->
  1 / sqrt m * (\sum_(r < m) a r * (p i r * inner d (x i) (velocity d m n p a x e r)))
  = mul_vec n (HP d m p x) e i.
Proof.
  intros d m n p a x e i signs.
  rewrite (sum_ext m _ (fun r => a r * (p i r * (a r / sqrt m
    * (\sum_(j < n) e j * p j r * inner d (x i) (x j))))))
    by (intros; now rewrite inner_velocity).
  rewrite (exchange_kernel n m p a e (fun _ j => inner d (x i) (x j))) by easy.
  apply sum_ext; intros j _. unfold HP, Rdiv. f_equal.
  rewrite Rmult_1_l, (Rmult_comm _ (/ m)), Rmult_assoc. f_equal. sums.
Qed.

(* prop:sliding: du/dt = H^p (y - u), whatever numbers p are at the kinks. *)
Theorem sliding_output_flow : forall d m n w p a x y t i, (i < n)%nat ->
  (forall r, (r < m)%nat -> a r = 1 \/ a r = -1) ->
  off_kinks d m n (w t) x p -> moves_with d m n w p a x y t -> no_crossing d m w (x i) t ->
  derivable_pt_lim (fun s => output d m (w s) a (x i)) t
    (mul_vec n (HP d m p x) (residual d m (w t) a x y) i).
Proof.
  intros d m n w p a x y t i near signs off flow away.
  set (dw := velocity d m n p a x (residual d m (w t) a x y)).
  assert (slope : forall r, (r < m)%nat ->
    derivable_pt_lim (fun s => inner d (w s r) (x i)) t (inner d (x i) (dw r))).
  { intros r near_r. apply (derivable_pt_lim_ext (fun s => inner d (x i) (w s r)));
      [intros; apply inner_comm|]. apply (inner_derivative d (fun s => w s r)). auto. }
  assert (still : forall r, (r < m)%nat -> inner d (w t r) (x i) <> 0 \/ inner d (x i) (dw r) = 0).
  { intros r near_r. destruct (away r near_r) as [|zero]; [auto|right].
    exact (uniqueness_limite _ _ _ _ (slope r near_r) zero). }
  eapply derivative_eq.
  - apply (network_derivative d m w (fun _ => a)) with (da := fun _ => 0);
      [intros; apply derivable_pt_lim_const|exact slope|exact still].
  - rewrite <- (velocity_kernel d m n p a) by easy. f_equal. apply sum_ext; intros r near_r.
    fold dw. destruct (still r near_r) as [other| ->]; [|ring].
    rewrite <- (off i r near near_r other). ring.
Qed.

(* A Gram matrix of vectors y r i, r < m, and its form as a sum of squares. *)
Lemma gram_squares : forall (d m n : nat) (y : nat -> nat -> vector) v,
  quadratic n (fun i j => 1 / m * (\sum_(r < m) inner d (y r i) (y r j))) v
  = 1 / m * (\sum_(r < m) norm d (fun k => \sum_(i < n) v i * y r i k) ^ 2).
Proof.
  intros d m n y v.
  transitivity (\sum_(r < m) 1 / m * (\sum_(i < n) v i
    * (\sum_(j < n) v j * inner d (y r i) (y r j)))).
  - rewrite (sum_exchange m n (fun _ => 1 / m) v). apply sum_ext; intros i _. f_equal.
    rewrite (sum_exchange m n (fun _ => 1 / m) v (fun r j => inner d (y r i) (y r j))).
    apply sum_ext; intros j _. rewrite Rmult_comm. f_equal. sums.
  - rewrite sum_scale. f_equal. apply sum_ext; intros r _.
    rewrite norm_squared, inner_combination. apply sum_ext; intros i _. f_equal.
    rewrite inner_comm. symmetry. apply inner_combination.
Qed.

Lemma quadratic_ext : forall n A B v,
  (forall i j, (i < n)%nat -> (j < n)%nat -> A i j = B i j) -> quadratic n A v = quadratic n B v.
Proof.
  intros n A B v same. unfold quadratic, mul_vec, inner.
  apply sum_ext; intros i near. f_equal. apply sum_ext; intros j near'. now rewrite same.
Qed.

(* prop:sliding, "positive semidefinite": H^p is a Gram matrix. *)
Theorem hp_sum_of_squares : forall (d m n : nat) p x v,
  quadratic n (HP d m p x) v
  = 1 / m * (\sum_(r < m) norm d (fun k => \sum_(i < n) v i * (p i r * x i k)) ^ 2).
Proof.
  intros d m n p x v. rewrite <- (gram_squares d m n (fun r i k => p i r * x i k)).
  apply quadratic_ext; intros i j _ _. unfold HP, inner. unfold Rdiv.
  rewrite Rmult_1_l, (Rmult_comm _ (/ m)), Rmult_assoc. f_equal. rewrite <- sum_scale.
  apply sum_ext; intros r _. rewrite Rmult_comm. sums.
Qed.

Lemma inv_nonneg : forall m : nat, 0 <= 1 / m.
Proof. intros m. rewrite <- root_squared. apply Rle_0_sqr. Qed.

Theorem hp_positive_semidefinite : forall d m n p x v, 0 <= quadratic n (HP d m p x) v.
Proof.
  intros d m n p x v. rewrite hp_sum_of_squares.
  apply Rmult_le_pos; [apply inv_nonneg|]. apply sum_nonneg; intros; apply pow2_ge_0.
Qed.

Lemma relu_continuity : forall z, continuity_pt relu z.
Proof.
  intros z. replace relu with (fun z => (z + Rabs z) * / 2).
  - apply continuity_pt_mult; [|now apply continuity_pt_const].
    apply continuity_pt_plus; [|apply Rcontinuity_abs].
    apply derivable_continuous_pt, derivable_pt_id.
  - apply functional_extensionality. intros s. unfold relu, Rmax, Rabs.
    destruct (Rle_dec _ _), (Rcase_abs _); lra.
Qed.

Lemma output_continuity : forall d m (w : R -> nat -> vector) a x t,
  (forall r k, (r < m)%nat -> (k < d)%nat -> continuity_pt (fun s => w s r k) t) ->
  continuity_pt (fun s => output d m (w s) a x) t.
Proof.
  intros d m w a x t continuous.
  apply (continuity_pt_scal (fun s => \sum_(r < m) a r * relu (inner d (w s r) x))).
  apply (sum_continuity m (fun r s => a r * relu (inner d (w s r) x))). intros r near.
  apply (continuity_pt_scal (fun s => relu (inner d (w s r) x))).
  apply (continuity_pt_comp (fun s => inner d (w s r) x) relu); [|apply relu_continuity].
  apply (inner_continuity d (fun s => w s r) (fun _ => x)); [auto|].
  intros; now apply continuity_pt_const.
Qed.

Lemma shorter : forall d m n T b w p a x y, b <= T ->
  slides d m n T w p a x y -> slides d m n b w p a x y.
Proof.
  intros d m n T b w p a x y order [continuous flow]. split.
  - intros r near k t near' within. apply continuous; [easy|easy|lra].
  - revert flow. now apply almost_weaken.
Qed.

Lemma slides_no_crossing : forall d m n T w p a x y, slides d m n T w p a x y ->
  almost_always T (fun t => forall i, no_crossing d m w (x i) t).
Proof.
  intros d m n T w p a x y [_ flow]. apply almost_no_crossing. revert flow.
  apply almost_weaken; [lra|]. intros t _ (_ & _ & moves). eexists. exact moves.
Qed.

(* prop:sliding, at all times but countably many. *)
Corollary sliding_outputs : forall d m n T w p a x y,
  (forall r, (r < m)%nat -> a r = 1 \/ a r = -1) -> slides d m n T w p a x y ->
  almost_always T (driven_by n (fun t => HP d m (p t) x) (fun t j => output d m (w t) a (x j)) y).
Proof.
  intros d m n T w p a x y signs flow.
  generalize (almost_and _ _ _ (proj2 flow) (slides_no_crossing _ _ _ _ _ _ _ _ _ flow)).
  apply almost_weaken; [lra|]. intros t _ [(_ & off & moves) rare] i near.
  now apply sliding_output_flow.
Qed.

(* prop:sliding with prop:decay, where lambda_min(H^p) >= lambda. *)
Theorem sliding_decay : forall d m n T lambda w p a x y,
  let e := fun t => residual d m (w t) a x y in
  (forall r, (r < m)%nat -> a r = 1 \/ a r = -1) ->
  slides d m n T w p a x y ->
  almost_always T (fun t => coercive n lambda (HP d m (p t) x)) ->
  forall t, 0 <= t <= T -> norm n (e t) <= exp (- lambda * t) * norm n (e 0).
Proof.
  intros d m n T lambda w p a x y e signs flow large t within.
  replace (- lambda * t) with (- (2 * lambda) * t / 2) by field.
  apply (decay_norm n T (2 * lambda) (fun t => HP d m (p t) x)
    (fun s j => output d m (w s) a (x j)) y); [| | |easy].
  - intros i s _ inside. apply output_continuity. intros; now apply flow.
  - now apply sliding_outputs.
  - replace (2 * lambda / 2) with lambda by field. exact large.
Qed.

(* prop:sliding, "does not increase": from time 0 on. *)
Corollary sliding_descent : forall d m n T w p a x y,
  let e := fun t => residual d m (w t) a x y in
  (forall r, (r < m)%nat -> a r = 1 \/ a r = -1) ->
  slides d m n T w p a x y ->
  forall t, 0 <= t <= T -> norm n (e t) <= norm n (e 0).
Proof.
  intros d m n T w p a x y e signs flow t within.
  replace (norm n (e 0)) with (exp (- 0 * t) * norm n (e 0))
    by (rewrite Ropp_0, Rmult_0_l, exp_0; ring).
  apply (sliding_decay d m n T 0 w p a x y); try easy.
  apply always. intros s _ v. rewrite Rmult_0_l. apply hp_positive_semidefinite.
Qed.

(** * The continuation lemma *)

(* X is at least the spectral norm of the matrix of the inputs. *)
Definition operator_bound d n (x : nat -> vector) X : Prop :=
  0 <= X /\ forall v, norm d (fun k => \sum_(i < n) v i * x i k) <= X * norm n v.

(* Inequalities (i) and (ii): unit inputs. *)
Lemma unit_operator : forall d (n : nat) x,
  (forall i, (i < n)%nat -> norm d (x i) = 1) -> operator_bound d n x (sqrt n).
Proof.
  intros d n x unit. split; [apply sqrt_pos|]. intros v.
  eapply Rle_trans; [apply triangle_sum|]. apply Rle_trans with (2 := inequality_two n v).
  apply sum_le. intros i near. rewrite norm_scale, unit by easy. lra.
Qed.

(* eq:speed: |p| <= 1 is all that is asked of the patterns. *)
Lemma velocity_bound : forall (d m n : nat) X p a x e r,
  operator_bound d n x X -> a r = 1 \/ a r = -1 ->
  (forall i, (i < n)%nat -> 0 <= p i r <= 1) ->
  norm d (velocity d m n p a x e r) <= X / sqrt m * norm n e.
Proof.
  intros d m n X p a x e r [nonneg bound] sign fraction. unfold velocity. rewrite norm_scale.
  unfold Rdiv at 1. rewrite Rabs_mult, (abs_sign _ sign).
  pose proof (root_nonneg m) as pos. unfold Rdiv in pos. rewrite Rmult_1_l in pos.
  rewrite Rmult_1_l, Rabs_right by lra. unfold Rdiv. rewrite (Rmult_comm X), Rmult_assoc.
  apply Rmult_le_compat_l; [easy|]. eapply Rle_trans; [apply (bound (fun i => e i * p i r))|].
  apply Rmult_le_compat_l; [easy|]. apply square_le; [apply norm_nonneg|].
  rewrite !norm_squared. apply sum_le. intros i near. destruct (fraction i near).
  assert (p i r * p i r <= 1) by nra. pose proof (Rle_0_sqr (e i)). unfold Rsqr in *. nra.
Qed.

(* The patterns that weights within rho of w may have. *)
Definition admissible d m n rho (w : nat -> vector) x (q : matrix) : Prop :=
  forall i r, (i < n)%nat -> (r < m)%nat -> 0 <= q i r <= 1
  /\ (rho * norm d (x i) < Rabs (inner d (w r) (x i)) -> q i r = ind_ge (inner d (w r) (x i))).

(* Far from its kink a pre-activation keeps its sign, and with it the pattern at w0. *)
Lemma nearby_is_admissible : forall d m n rho w0 w x p,
  (forall r, (r < m)%nat -> norm d (diff (w r) (w0 r)) <= rho) ->
  fractions m n p -> off_kinks d m n w x p -> admissible d m n rho w0 x p.
Proof.
  intros d m n rho w0 w x p near fraction off i r near_i near_r.
  split; [now apply fraction|]. intros far. specialize (off i r near_i near_r).
  pose proof (cauchy_schwarz d (x i) (diff (w r) (w0 r))) as moved.
  rewrite inner_diff, !(inner_comm d (x i)) in moved.
  assert (norm d (x i) * norm d (diff (w r) (w0 r)) <= norm d (x i) * rho)
    by (apply Rmult_le_compat_l; [apply norm_nonneg|now apply near]).
  unfold ind_ge in *.
  unfold Rabs in *; destruct (Rcase_abs (inner d (w0 r) (x i))), (Rcase_abs _) in *;
    rewrite off by lra; destruct (Rle_dec _ _), (Rle_dec _ _); lra.
Qed.

Lemma ratio_nonneg : forall a b, 0 <= a -> 0 < b -> 0 <= a / b.
Proof. intros a b nonneg pos. apply Rmult_le_pos; [easy|now apply Rlt_le, Rinv_0_lt_compat]. Qed.

(* A speed of at most c exp (- lambda t), without an integral: along the displacement v the position
   plus |v| c / lambda exp (- lambda t) does not increase. *)
Lemma displacement_bound : forall d (w w' : R -> vector) c lambda s b,
  0 < lambda -> 0 <= c -> 0 <= s <= b -> continuous_on d b w ->
  almost_always b (fun t =>
    (forall k, (k < d)%nat -> derivable_pt_lim (fun s => w s k) t (w' t k))
    /\ norm d (w' t) <= c * exp (- lambda * t)) ->
  norm d (diff (w b) (w s)) <= c / lambda * (exp (- lambda * s) - exp (- lambda * b)).
Proof.
  intros d w w' c lambda s0 b pos nonneg order continuous [kinks slope].
  set (v := diff (w b) (w s0)). pose proof (norm_nonneg d v) as length.
  assert (ratio : 0 <= c / lambda) by (apply ratio_nonneg; lra).
  assert (bounded : exp (- lambda * b) <= exp (- lambda * s0))
    by (destruct (Req_dec b s0) as [->|]; [lra|apply Rlt_le, exp_increasing; nra]).
  set (f := fun s => inner d v (w s) + norm d v * (c / lambda) * exp (- lambda * s)).
  assert (down : f b <= f s0).
  { apply (nonincreasing kinks f (fun s => inner d v (w' s)
      + norm d v * (c / lambda) * (exp (- lambda * s) * (- lambda * 1)))); [lra| |].
    - intros s inside.
      apply (continuity_pt_plus (fun s => inner d v (w s))
        (fun s => norm d v * (c / lambda) * exp (- lambda * s))).
      + apply (inner_continuity d (fun _ => v) w); [intros; now apply continuity_pt_const|].
        intros; apply continuous; [easy|lra].
      + apply derivable_continuous_pt. reg.
    - intros s inside regular. destruct (slope s ltac:(lra) regular) as [moves speed]. split.
      + apply (derivable_pt_lim_plus (fun s => inner d v (w s))
          (fun s => norm d v * (c / lambda) * exp (- lambda * s))); [now apply inner_derivative|].
        apply (derivable_pt_lim_scal (fun s => exp (- lambda * s))).
        apply (derivable_pt_lim_comp (fun s => - lambda * s) exp); [|apply derivable_pt_lim_exp].
        apply (derivable_pt_lim_scal id), derivable_pt_lim_id.
      + pose proof (cauchy_schwarz d v (w' s)). pose proof (Rle_abs (inner d v (w' s))).
        replace (norm d v * (c / lambda) * (exp (- lambda * s) * (- lambda * 1)))
          with (- (norm d v * (c * exp (- lambda * s)))) by (field; lra). nra. }
  unfold f in down.
  assert (square : norm d v ^ 2 = inner d v (w b) - inner d v (w s0))
    by (rewrite norm_squared; apply inner_diff).
  destruct (Req_dec (norm d v) 0) as [->|]; [apply Rmult_le_pos; lra|].
  apply Rmult_le_reg_l with (norm d v); lra.
Qed.

(* lem:continuation, between two times. *)
Lemma continuation_between : forall (d m n : nat) T rho lambda X w p a x y,
  let e := fun t => residual d m (w t) a x y in
  let radius := X / sqrt m * norm n (e 0) / lambda in
  operator_bound d n x X ->
  (forall r, (r < m)%nat -> a r = 1 \/ a r = -1) ->
  0 < lambda ->
  (forall q, admissible d m n rho (w 0) x q -> coercive n lambda (HP d m q x)) ->
  radius < rho -> slides d m n T w p a x y ->
  forall t, 0 <= t <= T ->
  (forall r s, (r < m)%nat -> 0 <= s <= t ->
    norm d (diff (w t r) (w s r)) <= radius * (exp (- lambda * s) - exp (- lambda * t)))
  /\ norm n (e t) <= exp (- lambda * t) * norm n (e 0).
Proof.
  intros d m n T rho lambda X w p a x y e radius bound signs pos large small sliding.
  assert (ratio : 0 <= X / sqrt m).
  { replace (X / sqrt m) with (X * (1 / sqrt m)) by (unfold Rdiv; ring).
    apply Rmult_le_pos; [apply bound|apply root_nonneg]. }
  pose proof (norm_nonneg n (e 0)) as start.
  assert (nonneg : 0 <= radius)
    by (apply ratio_nonneg; [now apply Rmult_le_pos|easy]).
  set (moved := fun s r => norm d (diff (w s r) (w 0 r))).
  set (goal := fun t => (forall r s, (r < m)%nat -> 0 <= s <= t ->
    norm d (diff (w t r) (w s r)) <= radius * (exp (- lambda * s) - exp (- lambda * t)))
    /\ norm n (e t) <= exp (- lambda * t) * norm n (e 0)).
  assert (step : forall b, 0 <= b <= T ->
    (forall s, 0 <= s < b -> forall r, (r < m)%nat -> moved s r < rho) -> goal b).
  { intros b within near.
    assert (decays : forall s, 0 <= s <= b -> norm n (e s) <= exp (- lambda * s) * norm n (e 0)).
    { apply (sliding_decay d m n b lambda w p a x y); [easy|now apply (shorter d m n T)|].
      destruct sliding as [_ flow]. revert flow. apply almost_weaken; [easy|].
      intros s inside (fraction & off & _). apply large.
      apply (nearby_is_admissible _ _ _ _ (w 0) (w s)); [|easy|easy].
      intros r near_r. apply Rlt_le, (near s); [lra|easy]. }
    split; [|apply decays; lra]. intros r s near_r order. destruct sliding as [continuous flow].
    apply (displacement_bound d (fun s => w s r)
      (fun s => velocity d m n (p s) a x (e s) r)); try easy.
    - now apply Rmult_le_pos.
    - intros k s' near_k inside. apply continuous; [easy|easy|lra].
    - revert flow. apply almost_weaken; [easy|]. intros s' inside (fraction & _ & moves).
      split; [intros; now apply moves|].
      eapply Rle_trans; [apply (velocity_bound d m n X); auto; intros; now apply fraction|].
      rewrite Rmult_assoc. apply Rmult_le_compat_l; [easy|].
      rewrite (Rmult_comm (norm n (e 0))). apply decays. lra. }
  assert (stays : forall b, 0 <= b <= T -> forall r, (r < m)%nat -> moved b r < rho).
  { apply (real_induction T (fun b => forall r, (r < m)%nat -> moved b r < rho)).
    - intros b within near r near_r. destruct (step b within near) as [closer _].
      specialize (closer r 0 near_r ltac:(lra)). rewrite Rmult_0_r, exp_0 in closer.
      unfold moved. pose proof (exp_pos (- lambda * b)). nra.
    - intros b within near.
      destruct (below_for_a_while m
        (fun r s => inner d (diff (w s r) (w 0 r)) (diff (w s r) (w 0 r))) (rho ^ 2) b)
        as (eta & positive & while).
      + assert (each : forall r k, (r < m)%nat -> (k < d)%nat ->
          continuity_pt (fun s => diff (w s r) (w 0 r) k) b).
        { intros r k near_r near_k.
          apply (continuity_pt_minus (fun s => w s r k) (fun _ => w 0 r k));
            [apply sliding; [easy|easy|lra]|now apply continuity_pt_const]. }
        intros r near_r. apply inner_continuity; auto.
      + intros r near_r. specialize (near r near_r). unfold moved in near.
        pose proof (norm_nonneg d (diff (w b r) (w 0 r))). rewrite <- norm_squared. nra.
      + exists eta. split; [easy|]. intros s inside r near_r.
        specialize (while s r inside near_r). simpl in while. rewrite <- norm_squared in while.
        unfold moved. pose proof (norm_nonneg d (diff (w s r) (w 0 r))). nra. }
  intros t within. apply (step t within). intros s inside. apply stays. lra.
Qed.

(* lem:continuation.  The hypothesis on quadratic forms speaks of the weights at time 0 only: the
   flow cannot leave the balls of radius rho in which it holds. *)
Theorem continuation : forall (d m n : nat) T rho lambda X w p a x y,
  let e := fun t => residual d m (w t) a x y in
  let radius := X / sqrt m * norm n (e 0) / lambda in
  operator_bound d n x X ->
  (forall r, (r < m)%nat -> a r = 1 \/ a r = -1) ->
  0 < lambda ->
  (forall q, admissible d m n rho (w 0) x q -> coercive n lambda (HP d m q x)) ->
  radius < rho -> slides d m n T w p a x y ->
  forall t, 0 <= t <= T ->
  (forall r, (r < m)%nat ->
    norm d (diff (w t r) (w 0 r)) <= radius * (1 - exp (- lambda * t)))
  /\ norm n (e t) <= exp (- lambda * t) * norm n (e 0).
Proof.
  intros d m n T rho lambda X w p a x y e radius bound signs pos large small flow t within.
  destruct (continuation_between d m n T rho lambda X w p a x y bound signs pos large small flow t
    within) as [near decays].
  split; [|easy]. intros r near_r. pose proof (near r 0 near_r ltac:(lra)) as moved.
  now rewrite Rmult_0_r, exp_0 in moved.
Qed.

Lemma relu_lipschitz : forall z z', Rabs (relu z - relu z') <= Rabs (z - z').
Proof.
  intros z z'. unfold relu, Rmax, Rabs.
  destruct (Rle_dec z 0), (Rle_dec z' 0); repeat destruct (Rcase_abs _); lra.
Qed.

Lemma coordinate_bound : forall n v i, (i < n)%nat -> Rabs (v i) <= norm n v.
Proof.
  intros n v i near. apply square_le; [apply norm_nonneg|]. rewrite norm_squared, pow2_abs.
  rewrite <- (sum_single n i (fun j => v j ^ 2) near). apply sum_le. intros j _.
  destruct (Nat.eqb j i); nra.
Qed.

(* A function whose increments after time s are at most c exp (- lambda s) converges. *)
Lemma limit_exists : forall f c lambda, 0 < lambda -> 0 <= c ->
  (forall s t, 0 <= s <= t -> Rabs (f t - f s) <= c * exp (- lambda * s)) ->
  { l | forall t, 0 <= t -> Rabs (f t - l) <= c * exp (- lambda * t) }.
Proof.
  intros f c lambda pos nonneg close.
  (* The limit is the only number in all the intervals between these two bounds. *)
  destruct (completeness (fun l => exists t, 0 <= t /\ l = f t - c * exp (- lambda * t)))
    as (l & upper & least).
  - exists (f 0 + c * exp (- lambda * 0)). intros l (t & late & ->).
    specialize (close 0 t ltac:(lra)). pose proof (Rle_abs (f t - f 0)).
    pose proof (exp_pos (- lambda * t)). nra.
  - exists (f 0 - c * exp (- lambda * 0)), 0. split; [lra|easy].
  - exists l. intros t late. apply Rabs_le.
    enough (f t - c * exp (- lambda * t) <= l <= f t + c * exp (- lambda * t)) by lra.
    split; [apply upper; now exists t|]. apply least. intros l' (s & early & ->).
    pose proof (exp_pos (- lambda * t)). pose proof (exp_pos (- lambda * s)).
    destruct (Rle_dec s t) as [before|after].
    + pose proof (close s t ltac:(lra)) as gap. rewrite Rabs_minus_sym in gap.
      pose proof (Rle_abs (f s - f t)). nra.
    + pose proof (close t s ltac:(lra)) as gap. pose proof (Rle_abs (f s - f t)). nra.
Qed.

Lemma vanishes : forall b c lambda, 0 < lambda ->
  (forall t, 0 <= t -> b <= c * exp (- lambda * t)) -> b <= 0.
Proof.
  intros b c lambda pos small. apply Rnot_lt_le. intros large.
  assert (nonneg : 0 <= c).
  { specialize (small 0 (Rle_refl 0)). rewrite Rmult_0_r, exp_0 in small. lra. }
  assert (late : 0 <= c / b / lambda) by (apply ratio_nonneg; [apply ratio_nonneg|]; lra).
  specialize (small (c / b / lambda) late).
  replace (- lambda * (c / b / lambda)) with (- (c / b)) in small by (field; lra).
  rewrite exp_Ropp in small.
  assert (ratio : 0 <= c / b) by (apply ratio_nonneg; lra).
  assert (grows : 1 + c / b <= exp (c / b))
    by (destruct (Req_dec (c / b) 0) as [->|]; [rewrite exp_0|apply Rlt_le, exp_ineq1]; lra).
  apply Rmult_le_compat_r with (r := exp (c / b)) in small; [|lra].
  rewrite Rmult_assoc, Rinv_l, Rmult_1_r in small by lra.
  assert (b * (1 + c / b) = b + c) by (field; lra). nra.
Qed.

Lemma output_lipschitz : forall (d m : nat) w v a x c,
  (forall r, (r < m)%nat -> a r = 1 \/ a r = -1) ->
  (forall r k, (r < m)%nat -> (k < d)%nat -> Rabs (w r k - v r k) <= c) ->
  Rabs (output d m w a x - output d m v a x)
  <= 1 / sqrt m * (\sum_(r < m) \sum_(k < d) Rabs (x k)) * c.
Proof.
  intros d m w v a x c signs close. unfold output.
  replace (1 / sqrt m * (\sum_(r < m) a r * relu (inner d (w r) x))
    - 1 / sqrt m * (\sum_(r < m) a r * relu (inner d (v r) x)))
    with (1 / sqrt m * (\sum_(r < m) a r * (relu (inner d (w r) x) - relu (inner d (v r) x)))).
  - pose proof (root_nonneg m). rewrite Rabs_mult, (Rabs_right (1 / sqrt m)), Rmult_assoc by lra.
    apply Rmult_le_compat_l; [easy|]. eapply Rle_trans; [apply sum_abs|].
    rewrite Rmult_comm, <- sum_scale. apply sum_le. intros r near.
    rewrite Rabs_mult, (abs_sign _ (signs r near)), Rmult_1_l.
    eapply Rle_trans; [apply relu_lipschitz|].
    rewrite (inner_comm d (w r)), (inner_comm d (v r)), <- inner_diff, <- sum_scale.
    eapply Rle_trans; [apply sum_abs|]. apply sum_le. intros k near_k.
    rewrite Rabs_mult, Rmult_comm. apply Rmult_le_compat_r; [apply Rabs_pos|]. now apply close.
  - transitivity (1 / sqrt m * ((\sum_(r < m) a r * relu (inner d (w r) x))
      + -1 * (\sum_(r < m) a r * relu (inner d (v r) x)))); [|ring].
    f_equal. sums.
Qed.

(* lem:continuation, "converges to weights of loss 0". *)
Theorem continuation_limit : forall (d m n : nat) rho lambda X w p a x y,
  let e := fun t => residual d m (w t) a x y in
  let radius := X / sqrt m * norm n (e 0) / lambda in
  operator_bound d n x X ->
  (forall r, (r < m)%nat -> a r = 1 \/ a r = -1) ->
  0 < lambda ->
  (forall q, admissible d m n rho (w 0) x q -> coercive n lambda (HP d m q x)) ->
  radius < rho -> (forall T, slides d m n T w p a x y) ->
  exists v : nat -> vector,
  (forall r k t, (r < m)%nat -> (k < d)%nat -> 0 <= t ->
    Rabs (w t r k - v r k) <= radius * exp (- lambda * t))
  /\ loss d m n v a x y = 0.
Proof.
  intros d m n rho lambda X w p a x y e radius bound signs pos large small flow.
  pose proof (fun t => continuation_between d m n t rho lambda X w p a x y bound signs pos large
    small (flow t) t) as between.
  assert (nonneg : 0 <= radius).
  { apply ratio_nonneg; [|easy]. apply Rmult_le_pos; [|apply norm_nonneg].
    replace (X / sqrt m) with (X * (1 / sqrt m)) by (unfold Rdiv; ring).
    apply Rmult_le_pos; [apply bound|apply root_nonneg]. }
  assert (limit : forall r k, (r < m)%nat -> (k < d)%nat -> { l | forall t, 0 <= t ->
    Rabs (w t r k - l) <= radius * exp (- lambda * t) }).
  { intros r k near_r near_k. apply (limit_exists (fun t => w t r k)); [easy|easy|].
    intros s t order. destruct (between t ltac:(lra)) as [close _].
    eapply Rle_trans; [apply (coordinate_bound d (diff (w t r) (w s r)) k near_k)|].
    eapply Rle_trans; [now apply close|]. pose proof (exp_pos (- lambda * t)).
    apply Rmult_le_compat_l; [easy|lra]. }
  set (v := fun r k => match lt_dec r m, lt_dec k d with
    | left near_r, left near_k => proj1_sig (limit r k near_r near_k) | _, _ => 0 end).
  assert (close : forall r k t, (r < m)%nat -> (k < d)%nat -> 0 <= t ->
    Rabs (w t r k - v r k) <= radius * exp (- lambda * t)).
  { intros r k t near_r near_k late. unfold v.
    destruct (lt_dec r m) as [near_r'|]; [|lia]. destruct (lt_dec k d) as [near_k'|]; [|lia].
    now apply (proj2_sig (limit r k near_r' near_k')). }
  exists v. split; [easy|]. unfold loss. rewrite sum_0; [ring|]. intros i near.
  enough (Rabs (output d m v a (x i) - y i) <= 0) as zero.
  { pose proof (Rabs_pos (output d m v a (x i) - y i)).
    assert (zero' : Rabs (output d m v a (x i) - y i) = 0) by lra.
    destruct (Req_dec (output d m v a (x i) - y i) 0) as [->|other]; [ring|].
    now apply Rabs_no_R0 in other. }
  apply (vanishes _ (1 / sqrt m * (\sum_(r < m) \sum_(k < d) Rabs (x i k)) * radius
    + norm n (e 0)) lambda pos). intros t late.
  pose proof (output_lipschitz d m (w t) v a (x i) _ signs
    (fun r k near_r near_k => close r k t near_r near_k late)) as move.
  destruct (between t ltac:(lra)) as [_ decays].
  pose proof (coordinate_bound n (e t) i near) as entry. unfold e at 1, residual, diff in entry.
  replace (output d m v a (x i) - y i) with (- (output d m (w t) a (x i) - output d m v a (x i))
    + - (y i - output d m (w t) a (x i))) by ring.
  eapply Rle_trans; [apply Rabs_triang|]. rewrite !Rabs_Ropp. unfold e in *. lra.
Qed.

(** * A bound that the weights at time 0 give: inputs near a kink projected off *)

Definition orthonormal d (k : nat) (q : nat -> vector) : Prop :=
  forall l h, (l < k)%nat -> (h < k)%nat -> inner d (q l) (q h) = if Nat.eqb l h then 1 else 0.
Definition in_span d (k : nat) (q : nat -> vector) (v : vector) : Prop :=
  exists c : vector, forall i, (i < d)%nat -> v i = \sum_(l < k) c l * q l i.
(* The projection off the span of q 0, ..., q (k - 1). *)
Definition project d (k : nat) (q : nat -> vector) (v : vector) : vector :=
  diff v (fun i => \sum_(l < k) inner d v (q l) * q l i).

Lemma inner_project : forall d k q v w,
  inner d w (project d k q v) = inner d w v - (\sum_(l < k) inner d v (q l) * inner d w (q l)).
Proof.
  intros. unfold project. rewrite inner_diff. f_equal.
  apply (inner_combination d k w (fun l => inner d v (q l)) q).
Qed.

Lemma project_orthogonal : forall d k q v l, orthonormal d k q -> (l < k)%nat ->
  inner d (q l) (project d k q v) = 0.
Proof.
  intros d k q v l frame near. rewrite inner_project.
  rewrite (sum_ext k _ (fun h => if Nat.eqb h l then inner d v (q h) else 0)).
  - rewrite sum_single by easy. rewrite inner_comm. ring.
  - intros h near'. rewrite frame, Nat.eqb_sym by easy. destruct (Nat.eqb h l); ring.
Qed.

Lemma project_self_adjoint : forall d k q v w, orthonormal d k q ->
  inner d (project d k q v) (project d k q w) = inner d v (project d k q w).
Proof.
  intros d k q v w frame. rewrite (inner_comm d (project d k q v)), inner_project.
  rewrite (sum_0 k), inner_comm; [ring|]. intros l near.
  rewrite (inner_comm d (project d k q w)), project_orthogonal by easy. ring.
Qed.

(* Bessel's inequality. *)
Lemma project_shrinks : forall d k q v, orthonormal d k q -> norm d (project d k q v) <= norm d v.
Proof.
  intros d k q v frame. apply square_le; [apply norm_nonneg|].
  rewrite !norm_squared, project_self_adjoint, inner_project by easy.
  enough (0 <= \sum_(l < k) inner d v (q l) * inner d v (q l)) by lra.
  apply sum_nonneg; intros; nra.
Qed.

Lemma project_span : forall d k q v i, orthonormal d k q -> in_span d k q v -> (i < d)%nat ->
  project d k q v i = 0.
Proof.
  intros d k q v i frame [c combination] near.
  unfold project, diff. rewrite combination by easy.
  rewrite (sum_ext k (fun l => inner d v (q l) * q l i) (fun l => c l * q l i)); [ring|].
  intros l near_l. f_equal. rewrite inner_comm.
  rewrite (inner_ext d _ (q l) _ (fun i => \sum_(h < k) c h * q h i)), inner_combination by easy.
  rewrite (sum_ext k _ (fun h => if Nat.eqb h l then c h else 0)); [now apply sum_single|].
  intros h near_h. rewrite frame, Nat.eqb_sym by easy. destruct (Nat.eqb h l); ring.
Qed.

Lemma project_combination : forall d k q n c (x : nat -> vector) i,
  project d k q (fun i => \sum_(j < n) c j * x j i) i
  = \sum_(j < n) c j * project d k q (x j) i.
Proof.
  intros d k q n c x i. unfold project, diff.
  transitivity ((\sum_(j < n) c j * x j i)
    - (\sum_(l < k) q l i * (\sum_(j < n) c j * inner d (x j) (q l)))).
  - f_equal. apply sum_ext; intros l _. rewrite Rmult_comm, inner_comm. f_equal.
    rewrite inner_combination. apply sum_ext; intros. now rewrite inner_comm.
  - rewrite (sum_exchange k n (fun l => q l i) c (fun l j => inner d (x j) (q l))).
    transitivity ((\sum_(j < n) c j * x j i)
      + -1 * (\sum_(j < n) c j * (\sum_(l < k) q l i * inner d (x j) (q l)))); [ring|].
    rewrite <- sum_scale, <- sum_plus. apply sum_ext; intros j _.
    rewrite (sum_ext k (fun l => inner d (x j) (q l) * q l i)
      (fun l => q l i * inner d (x j) (q l))) by (intros; ring). ring.
Qed.

(* Unit r has an orthonormal family whose span contains the inputs in the mask ... *)
Definition removes d m n (mask : nat -> nat -> bool) (x : nat -> vector) k q : Prop :=
  forall r, (r < m)%nat -> orthonormal d (k r) (q r)
  /\ forall i, (i < n)%nat -> mask i r = true -> in_span d (k r) (q r) (x i).
(* ... and is spanned by them. *)
Definition spanned d m n (mask : nat -> nat -> bool) (x : nat -> vector) k q : Prop :=
  forall r l, (r < m)%nat -> (l < k r)%nat -> exists c : vector, forall h, (h < d)%nat ->
  q r l h = \sum_(i < n) (if mask i r then c i else 0) * x i h.

(* The pattern p, with 0 where the mask says so. *)
Definition masked (mask : nat -> nat -> bool) (p : matrix) : matrix :=
  fun i r => if mask i r then 0 else p i r.

(* H^p with the inputs of unit r projected off the span of q r 0, ..., q r (k r - 1). *)
Definition HS (d m : nat) (s : matrix) (k : nat -> nat) (q : nat -> nat -> vector)
  (x : nat -> vector) : matrix :=
  fun i j => 1 / m
    * (\sum_(r < m) s i r * s j r * inner d (x i) (project d (k r) (q r) (x j))).

Lemma hs_sum_of_squares : forall (d m n : nat) s k q x v,
  (forall r, (r < m)%nat -> orthonormal d (k r) (q r)) ->
  quadratic n (HS d m s k q x) v = 1 / m
    * (\sum_(r < m)
      norm d (fun h => \sum_(i < n) v i * (s i r * project d (k r) (q r) (x i) h)) ^ 2).
Proof.
  intros d m n s k q x v frame.
  rewrite <- (gram_squares d m n (fun r i h => s i r * project d (k r) (q r) (x i) h)).
  apply quadratic_ext; intros i j _ _. unfold HS. f_equal.
  apply sum_ext; intros r near. rewrite <- project_self_adjoint by auto.
  rewrite inner_scale, (inner_comm d (fun h => s i r * project d (k r) (q r) (x i) h)), inner_scale.
  rewrite (inner_comm d (project d (k r) (q r) (x j))). ring.
Qed.

(* thm:a-posteriori, the comparison of kernels: whatever the fractions p of the masked inputs are,
   the span of which the projections take away. *)
Theorem gram_inequality : forall d m n mask p k q x v,
  removes d m n mask x k q ->
  quadratic n (HS d m (masked mask p) k q x) v <= quadratic n (HP d m p x) v.
Proof.
  intros d m n mask p k q x v frame.
  rewrite hs_sum_of_squares, hp_sum_of_squares by (intros; now apply frame).
  apply Rmult_le_compat_l; [apply inv_nonneg|]. apply sum_le; intros r near.
  set (total := fun h => \sum_(i < n) v i * (p i r * x i h)).
  rewrite (norm_ext d _ (project d (k r) (q r) total)).
  - pose proof (project_shrinks d (k r) (q r) total (proj1 (frame r near))).
    pose proof (norm_nonneg d (project d (k r) (q r) total)). nra.
  - intros h near_h. unfold total.
    replace (fun h => \sum_(i < n) v i * (p i r * x i h))
      with (fun h => \sum_(i < n) v i * p i r * x i h)
      by (apply functional_extensionality; intros; apply sum_ext; intros; ring).
    rewrite project_combination. apply sum_ext; intros i near_i. unfold masked.
    destruct (mask i r) eqn:is_near; [|ring].
    rewrite (project_span d (k r) (q r) (x i)) by (easy || now apply frame). ring.
Qed.

(* Which kinks are within rho of the weights. *)
Definition near_kink d rho (w : nat -> vector) (x : nat -> vector) i r : bool :=
  if Rle_dec (Rabs (inner d (w r) (x i))) (rho * norm d (x i)) then true else false.
Definition pattern d (w : nat -> vector) (x : nat -> vector) : matrix :=
  fun i r => ind_ge (inner d (w r) (x i)).

(* thm:a-posteriori: what is asked of the weights at time 0 is one smallest eigenvalue.  The mask
   holds the inputs near a kink, and perhaps others. *)
Theorem a_posteriori : forall (d m n : nat) T rho lambda X mask k q w p a x y,
  let e := fun t => residual d m (w t) a x y in
  let radius := X / sqrt m * norm n (e 0) / lambda in
  operator_bound d n x X ->
  (forall r, (r < m)%nat -> a r = 1 \/ a r = -1) ->
  0 < lambda ->
  (forall i r, (i < n)%nat -> (r < m)%nat ->
    near_kink d rho (w 0) x i r = true -> mask i r = true) ->
  removes d m n mask x k q ->
  coercive n lambda (HS d m (masked mask (pattern d (w 0) x)) k q x) ->
  radius < rho -> slides d m n T w p a x y ->
  forall t, 0 <= t <= T ->
  (forall r, (r < m)%nat ->
    norm d (diff (w t r) (w 0 r)) <= radius * (1 - exp (- lambda * t)))
  /\ norm n (e t) <= exp (- lambda * t) * norm n (e 0).
Proof.
  intros d m n T rho lambda X mask k q w p a x y e radius bound signs pos near frame large small
    flow.
  apply (continuation d m n T rho lambda X w p a x y); try easy.
  intros f fits v. eapply Rle_trans; [apply large|].
  apply Rle_trans with (2 := gram_inequality d m n mask f k q x v frame).
  assert (same : forall i r, (i < n)%nat -> (r < m)%nat ->
    masked mask (pattern d (w 0) x) i r = masked mask f i r).
  { intros i r near_i near_r. unfold masked. destruct (mask i r) eqn:masked_i; [easy|].
    symmetry. apply fits; [easy|easy|]. apply Rnot_le_lt. intros close.
    specialize (near i r near_i near_r). unfold near_kink in near. destruct (Rle_dec _ _); [|easy].
    now rewrite near in masked_i. }
  apply Req_le, quadratic_ext. intros i j near_i near_j. unfold HS. f_equal.
  apply sum_ext; intros r near_r. now rewrite !same.
Qed.

(* prop:kept.  The weights at time 0 here are those that were reached at the time `reached`, from
   weights with a residual of the norm `start`: the bound of Theorem 3.2 is kept from there on. *)
Theorem bound_kept : forall (d m n : nat) T rho lambda X w p a x y lambda0 reached start,
  let e := fun t => residual d m (w t) a x y in
  operator_bound d n x X ->
  (forall r, (r < m)%nat -> a r = 1 \/ a r = -1) ->
  0 < lambda ->
  (forall q, admissible d m n rho (w 0) x q -> coercive n lambda (HP d m q x)) ->
  X / sqrt m * norm n (e 0) / lambda < rho -> slides d m n T w p a x y ->
  lambda0 / 2 <= lambda ->
  norm n (e 0) ^ 2 <= exp (- lambda0 * reached) * start ^ 2 ->
  forall t, 0 <= t <= T -> norm n (e t) ^ 2 <= exp (- lambda0 * (reached + t)) * start ^ 2.
Proof.
  intros d m n T rho lambda X w p a x y lambda0 reached start e bound signs pos large small flow
    fast below t within.
  destruct (continuation d m n T rho lambda X w p a x y bound signs pos large small flow t within)
    as [_ decays].
  replace (exp (- lambda0 * (reached + t)))
    with (exp (- lambda0 * t) * exp (- lambda0 * reached)) by (rewrite <- exp_plus; f_equal; ring).
  rewrite Rmult_assoc. apply Rle_trans with (exp (- lambda0 * t) * norm n (e 0) ^ 2);
    [|apply Rmult_le_compat_l; [apply Rlt_le, exp_pos|easy]].
  apply Rle_trans with ((exp (- lambda * t) * norm n (e 0)) ^ 2);
    [apply pow_incr; split; [apply norm_nonneg|easy]|].
  rewrite Rpow_mult_distr, exp_square. apply Rmult_le_compat_r; [apply pow2_ge_0|].
  destruct (Req_dec (2 * (- lambda * t)) (- lambda0 * t)) as [->|]; [lra|].
  apply Rlt_le, exp_increasing. nra.
Qed.

(** * Sliding along several kinks at once *)

Definition on_kink d (w : nat -> vector) (x : nat -> vector) i r : bool :=
  if Req_EM_T (inner d (w r) (x i)) 0 then true else false.

(* prop:sliding-kernel at one time, at which the pre-activations in the mask stand still. *)
Lemma still_velocity : forall d m n w p a x y t mask r, (r < m)%nat ->
  let e := residual d m (w t) a x y in
  moves_with d m n w p a x y t ->
  (forall i, (i < n)%nat -> mask i r = true ->
    derivable_pt_lim (fun s => inner d (w s r) (x i)) t 0) ->
  (forall i, (i < n)%nat -> mask i r = true -> inner d (x i) (velocity d m n p a x e r) = 0)
  /\ forall p', (forall i, (i < n)%nat -> mask i r = false -> p' i r = p i r) ->
    norm d (velocity d m n p a x e r) <= norm d (velocity d m n p' a x e r).
Proof.
  intros d m n w p a x y t mask r near e moves still. set (v := velocity d m n p a x e r).
  assert (orthogonal : forall i, (i < n)%nat -> mask i r = true -> inner d (x i) v = 0).
  { intros i near_i slides_i. apply (uniqueness_limite (fun s => inner d (w s r) (x i)) t); auto.
    apply (derivable_pt_lim_ext (fun s => inner d (x i) (w s r))); [intros; apply inner_comm|].
    apply (inner_derivative d (fun s => w s r)). intros; now apply moves. }
  split; [easy|]. intros p' same.
  apply square_le; [apply norm_nonneg|].
  rewrite !norm_squared. set (v' := velocity d m n p' a x e r).
  assert (projected : inner d v v' = inner d v v).
  { unfold v at 3, v'. rewrite !inner_velocity. f_equal. apply sum_ext; intros i near_i.
    destruct (mask i r) eqn:slides_i; [|now rewrite same].
    rewrite (inner_comm d v), orthogonal by easy. ring. }
  pose proof (inner_nonneg d (diff v' v)) as square.
  rewrite inner_diff, !(inner_comm d (diff v' v)), !inner_diff in square.
  rewrite (inner_comm d v' v) in square. lra.
Qed.

Lemma still_kernel : forall d m n w p a x y t mask k q,
  let e := residual d m (w t) a x y in
  (forall r, (r < m)%nat -> a r = 1 \/ a r = -1) ->
  moves_with d m n w p a x y t ->
  (forall i r, (i < n)%nat -> (r < m)%nat -> mask i r = true ->
    derivable_pt_lim (fun s => inner d (w s r) (x i)) t 0) ->
  removes d m n mask x k q -> spanned d m n mask x k q ->
  (forall r h, (r < m)%nat -> (h < d)%nat -> velocity d m n p a x e r h
    = a r / sqrt m * (\sum_(j < n) e j * masked mask p j r * project d (k r) (q r) (x j) h))
  /\ forall i, (i < n)%nat ->
    mul_vec n (HP d m p x) e i = mul_vec n (HS d m (masked mask p) k q x) e i.
Proof.
  intros d m n w p a x y t mask k q e signs moves still frame within.
  assert (orthogonal : forall i r, (i < n)%nat -> (r < m)%nat -> mask i r = true ->
    inner d (x i) (velocity d m n p a x e r) = 0).
  { intros i r near_i near_r. apply (still_velocity d m n w p a x y t mask r); auto. }
  assert (form : forall r h, (r < m)%nat -> (h < d)%nat -> velocity d m n p a x e r h
    = a r / sqrt m * (\sum_(j < n) e j * masked mask p j r * project d (k r) (q r) (x j) h)).
  { intros r h near near_h. set (v := velocity d m n p a x e r).
    transitivity (project d (k r) (q r) v h).
    - unfold project, diff. rewrite sum_0; [ring|]. intros l near_l.
      destruct (within r l near near_l) as [c combination].
      rewrite (inner_ext d v v _ (fun h => \sum_(i < n) (if mask i r then c i else 0) * x i h))
        by easy.
      rewrite (inner_combination d n v (fun i => if mask i r then c i else 0)).
      rewrite sum_0; [ring|]. intros i near_i. destruct (mask i r) eqn:slides_i; [|ring].
      rewrite inner_comm. unfold v. rewrite orthogonal by easy. ring.
    - unfold v, velocity.
      replace (fun h => a r / sqrt m * (\sum_(j < n) e j * p j r * x j h))
        with (fun h => \sum_(j < n) a r / sqrt m * (e j * p j r) * x j h)
        by (apply functional_extensionality; intros; sums).
      rewrite project_combination, <- sum_scale. apply sum_ext; intros j near_j. unfold masked.
      destruct (mask j r) eqn:slides_j; [|ring].
      rewrite (project_span d (k r) (q r) (x j)) by (easy || now apply frame). ring. }
  split; [easy|]. intros i near. rewrite <- (velocity_kernel d m n p a) by easy.
  transitivity (1 / sqrt m * (\sum_(r < m) a r * (masked mask p i r * (a r / sqrt m
    * (\sum_(j < n) e j * masked mask p j r * inner d (x i) (project d (k r) (q r) (x j))))))).
  - f_equal. apply sum_ext; intros r near_r.
    transitivity (a r * (masked mask p i r * inner d (x i) (velocity d m n p a x e r))).
    + unfold masked. destruct (mask i r) eqn:slides_i; [|easy]. rewrite orthogonal by easy. ring.
    + do 2 f_equal. rewrite <- (inner_combination d n (x i) (fun j => e j * masked mask p j r)
        (fun j => project d (k r) (q r) (x j))), <- inner_scale.
      apply inner_ext; [easy|]. intros h near_h. now apply form.
  - now rewrite (exchange_kernel n m (masked mask p) a e
      (fun r j => inner d (x i) (project d (k r) (q r) (x j)))).
Qed.

Lemma masked_on_kink : forall d m n w x p i r,
  off_kinks d m n w x p -> (i < n)%nat -> (r < m)%nat ->
  masked (on_kink d w x) p i r = ind_gt (inner d (w r) (x i)).
Proof.
  intros d m n w x p i r off near_i near_r. specialize (off i r near_i near_r).
  unfold masked, on_kink. destruct (Req_EM_T _ _) as [->|other]; [|rewrite off by easy];
    patterns; lra.
Qed.

(* prop:sliding-kernel: almost always velocities and outputs do not depend on the fractions p.  The
   projections are those off the span of the inputs that are on a kink. *)
Theorem sliding_kernel : forall d m n T w p a x y,
  (forall r, (r < m)%nat -> a r = 1 \/ a r = -1) -> slides d m n T w p a x y ->
  almost_always T (fun t => forall k q,
    let e := residual d m (w t) a x y in
    let s := fun i r => ind_gt (inner d (w t r) (x i)) in
    removes d m n (on_kink d (w t) x) x k q -> spanned d m n (on_kink d (w t) x) x k q ->
    (forall r h, (r < m)%nat -> (h < d)%nat -> derivable_pt_lim (fun v => w v r h) t
      (a r / sqrt m * (\sum_(j < n) e j * s j r * project d (k r) (q r) (x j) h)))
    /\ forall i, (i < n)%nat -> derivable_pt_lim (fun v => output d m (w v) a (x i)) t
      (mul_vec n (HS d m s k q x) e i)).
Proof.
  intros d m n T w p a x y signs flow.
  generalize (almost_and _ _ _ (proj2 flow) (slides_no_crossing _ _ _ _ _ _ _ _ _ flow)).
  apply almost_weaken; [lra|]. intros t _ [(_ & off & moves) rare] k q e s frame within.
  assert (still : forall i r, (i < n)%nat -> (r < m)%nat -> on_kink d (w t) x i r = true ->
    derivable_pt_lim (fun v => inner d (w v r) (x i)) t 0).
  { intros i r _ near_r. unfold on_kink. destruct (Req_EM_T _ _) as [zero|]; [intros _|easy].
    now destruct (rare i r near_r). }
  destruct (still_kernel d m n w (p t) a x y t _ k q signs moves still frame within)
    as [form kernel].
  split.
  - intros r h near_r near_h. eapply derivative_eq; [now apply moves|].
    rewrite form by easy. f_equal. apply sum_ext; intros j near_j.
    now rewrite (masked_on_kink d m n).
  - intros i near_i.
    eapply derivative_eq; [now apply (sliding_output_flow d m n w (p t) a x y)|].
    rewrite kernel by easy. unfold mul_vec, HS. apply sum_ext; intros j near_j. do 2 f_equal.
    apply sum_ext; intros r near_r. now rewrite !(masked_on_kink d m n).
Qed.

(* prop:sliding-kernel, least norm: among all numbers p' at the kinks, fractions or not. *)
Theorem sliding_least_norm : forall d m n T w p a x y, slides d m n T w p a x y ->
  almost_always T (fun t => forall r p', (r < m)%nat -> off_kinks d m n (w t) x p' ->
    let e := residual d m (w t) a x y in
    norm d (velocity d m n (p t) a x e r) <= norm d (velocity d m n p' a x e r)).
Proof.
  intros d m n T w p a x y flow.
  generalize (almost_and _ _ _ (proj2 flow) (slides_no_crossing _ _ _ _ _ _ _ _ _ flow)).
  apply almost_weaken; [lra|]. intros t _ [(_ & off & moves) rare] r p' near off' e.
  apply (still_velocity d m n w (p t) a x y t (on_kink d (w t) x)); [easy|easy| |].
  - intros i _. unfold on_kink. destruct (Req_EM_T _ _) as [zero|]; [intros _|easy].
    now destruct (rare i r near).
  - intros i near_i. unfold on_kink. destruct (Req_EM_T _ _) as [|other]; [easy|intros _].
    now rewrite off', off.
Qed.

(** * A bound that holds with high probability: few inputs near a kink *)

(* Entrywise close matrices have close quadratic forms. *)
Lemma entrywise : forall n (A B b : matrix) v,
  (forall i j, (i < n)%nat -> (j < n)%nat -> Rabs (B i j - A i j) <= b i j) ->
  quadratic n B v <= quadratic n A v + (\sum_(i < n) \sum_(j < n) b i j) * norm n v ^ 2.
Proof.
  intros n A B b v close. rewrite Rmult_comm, <- sum_scale. unfold quadratic, inner.
  rewrite <- sum_plus. apply sum_le. intros i near_i. unfold mul_vec. rewrite <- !sum_scale.
  rewrite <- sum_plus. apply sum_le. intros j near_j.
  pose proof (close i j near_i near_j). pose proof (coordinate_bound n v i near_i).
  pose proof (coordinate_bound n v j near_j).
  pose proof (Rabs_pos (v i)). pose proof (Rabs_pos (v j)).
  pose proof (Rabs_pos (B i j - A i j)).
  assert (product : Rabs (v i * v j * (B i j - A i j)) <= norm n v ^ 2 * b i j).
  { rewrite !Rabs_mult. apply Rmult_le_compat; [nra|easy|nra|easy]. }
  pose proof (Rle_abs (v i * v j * (B i j - A i j))). lra.
Qed.

(* The patterns of the proof of Lemma 3.2: the share of the units at which i or j is near a kink. *)
Definition near_share d (m : nat) rho (w : nat -> vector) x : matrix :=
  fun i j => 1 / m * (\sum_(r < m)
    (if (near_kink d rho w x i r || near_kink d rho w x j r)%bool then 1 else 0)).

Lemma kernel_change : forall d m n rho w a x q i j,
  (forall i, (i < n)%nat -> norm d (x i) = 1) ->
  (forall r, (r < m)%nat -> a r = 1 \/ a r = -1) ->
  admissible d m n rho w x q -> (i < n)%nat -> (j < n)%nat ->
  Rabs (HH d m w a x i j - HP d m q x i j) <= near_share d m rho w x i j.
Proof.
  intros d m n rho w a x q i j unit signs fits near_i near_j.
  set (change := fun r => pattern d w x i r * pattern d w x j r - q i r * q j r).
  replace (HH d m w a x i j - HP d m q x i j)
    with (1 / m * (inner d (x i) (x j) * (\sum_(r < m) change r))).
  - rewrite Rabs_mult, (Rabs_right (1 / m)) by apply Rle_ge, inv_nonneg.
    apply Rmult_le_compat_l; [apply inv_nonneg|]. rewrite Rabs_mult.
    pose proof (cauchy_schwarz d (x i) (x j)) as product. rewrite !unit in product by easy.
    pose proof (Rabs_pos (\sum_(r < m) change r)).
    apply Rle_trans with (Rabs (\sum_(r < m) change r)); [nra|].
    eapply Rle_trans; [apply sum_abs|]. apply sum_le. intros r near_r. unfold change, pattern.
    destruct (fits i r near_i near_r) as [range_i far_i].
    destruct (fits j r near_j near_r) as [range_j far_j]. unfold near_kink.
    destruct (Rle_dec _ _); [|destruct (Rle_dec _ _)]; simpl;
      [| |rewrite far_i, far_j, Rminus_eq_0, Rabs_R0 by lra; lra];
      unfold ind_ge; destruct (Rle_dec _ _), (Rle_dec _ _); apply Rabs_le; nra.
  - unfold HH, HP, change, Rdiv. rewrite Rmult_1_l.
    rewrite <- (sum_scale m (inner d (x i) (x j))), <- sum_scale.
    transitivity ((\sum_(r < m) inner d (x i) (x j) * / m
        * (a r ^ 2 * (ind_ge (inner d (w r) (x i)) * ind_ge (inner d (w r) (x j)))))
      + -1 * (\sum_(r < m) inner d (x i) (x j) * / m * (q i r * q j r)));
      [|rewrite !sum_scale; ring].
    rewrite <- sum_scale, <- sum_plus. apply sum_ext. intros r near_r. unfold pattern.
    destruct (signs r near_r) as [-> | ->]; ring.
Qed.

(* thm:a-priori, the part without probability: lambda_min(H(0)) >= 3/4 lambda0, which Lemma 3.1
   gives, few inputs near a kink, as in the proof of Lemma 3.2, and many units. *)
Theorem a_priori : forall (d m n : nat) T rho lambda0 w p a x y,
  let e := fun t => residual d m (w t) a x y in
  let radius := sqrt n / sqrt m * norm n (e 0) / (lambda0 / 2) in
  (forall i, (i < n)%nat -> norm d (x i) = 1) ->
  (forall r, (r < m)%nat -> a r = 1 \/ a r = -1) ->
  0 < lambda0 ->
  coercive n (3 / 4 * lambda0) (HH d m (w 0) a x) ->
  \sum_(i < n) \sum_(j < n) near_share d m rho (w 0) x i j <= lambda0 / 4 ->
  radius < rho -> slides d m n T w p a x y ->
  forall t, 0 <= t <= T ->
  (forall r, (r < m)%nat ->
    norm d (diff (w t r) (w 0 r)) <= radius * (1 - exp (- (lambda0 / 2) * t)))
  /\ norm n (e t) <= exp (- (lambda0 / 2) * t) * norm n (e 0).
Proof.
  intros d m n T rho lambda0 w p a x y e radius unit signs pos large few small flow.
  apply (continuation d m n T rho (lambda0 / 2) (sqrt n) w p a x y); try easy;
    [now apply unit_operator|lra|].
  intros q fits v. specialize (large v).
  assert (close : forall i j, (i < n)%nat -> (j < n)%nat ->
    Rabs (HH d m (w 0) a x i j - HP d m q x i j) <= near_share d m rho (w 0) x i j)
    by (intros; now apply (kernel_change d m n)).
  pose proof (entrywise n (HP d m q x) (HH d m (w 0) a x) _ v close).
  pose proof (pow2_ge_0 (norm n v)). nra.
Qed.
