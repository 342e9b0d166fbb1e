(* A network of one unit whose flow must slide: n = d = 2, m = 1, a = 1, x_1 = (1, 0),
   x_2 = (3/5, 4/5), y = (-3, 2), w(0) = (1/2, 3/10).  Indices count from 0: x_1 is input 0.
   At the end a smaller one, whose flow ends with the paper's relu'(0) alone. *)

From Coq Require Import Reals Lra Lia FunctionalExtensionality.
Require Import times answers sliding.
Local Open Scope R_scope.
Local Coercion INR : nat >-> R.

Definition two_inputs : nat -> vector := fun i k =>
  match i, k with O, O => 1 | O, _ => 0 | _, O => 3 / 5 | _, _ => 4 / 5 end.
Definition two_targets : vector := fun i => match i with O => -3 | _ => 2 end.
Definition ones : vector := fun _ => 1.

(** * A barrier *)

Lemma relu_nonneg : forall z, 0 <= relu z.
Proof. intros z. apply Rmax_r. Qed.

Lemma relu_pos : forall z, 0 <= z -> relu z = z.
Proof. intros z. apply Rmax_left. Qed.

Lemma relu_neg : forall z, z <= 0 -> relu z = 0.
Proof. intros z. apply Rmax_right. Qed.

Lemma relu_square_derivative : forall z,
  derivable_pt_lim (fun s => relu s * relu s) z (2 * relu z).
Proof.
  intros z. destruct (Req_dec z 0) as [->|other].
  - intros eps pos. exists (mkposreal eps pos). intros h nonzero near. simpl in near.
    rewrite Rplus_0_l, (relu_neg 0), !Rmult_0_r, !Rminus_0_r by lra.
    apply Rle_lt_trans with (2 := near).
    destruct (Rle_dec h 0); [rewrite relu_neg by easy|rewrite relu_pos by lra]; unfold Rdiv.
    + rewrite Rmult_0_l, Rmult_0_l, Rabs_R0. apply Rabs_pos.
    + rewrite Rmult_assoc, Rinv_r, Rmult_1_r by easy. apply Rle_refl.
  - pose proof (chain_rule id z 1 (derivable_pt_lim_id z) (or_introl other)) as slope.
    eapply derivative_eq; [exact (derivable_pt_lim_mult _ _ _ _ _ slope slope)|].
    unfold id, ind_ge. destruct (Rle_dec 0 z); [rewrite relu_pos|rewrite relu_neg]; lra.
Qed.

(* A function that does not increase where it is positive does not become positive. *)
Lemma barrier : forall T f f' b c, 0 <= b <= c -> c <= T ->
  (forall t, b <= t <= c -> continuity_pt f t) -> f b <= 0 ->
  almost_always T (fun t => b < t < c -> derivable_pt_lim f t (f' t) /\ (0 < f t -> f' t <= 0)) ->
  f c <= 0.
Proof.
  intros T f f' b c order late continuous start [kinks slope].
  assert (down : relu (f c) * relu (f c) <= relu (f b) * relu (f b)).
  { apply (nonincreasing kinks (fun s => relu (f s) * relu (f s)) (fun s => 2 * relu (f s) * f' s));
      [easy| |].
    - intros t inside. apply continuity_pt_mult;
        apply (continuity_pt_comp f relu); auto; apply relu_continuity.
    - intros t inside away. destruct (slope t ltac:(lra) away inside) as [moves falls]. split.
      + apply (derivable_pt_lim_comp f (fun z => relu z * relu z)); [easy|].
        apply relu_square_derivative.
      + destruct (Rlt_dec 0 (f t)) as [above|]; [|rewrite relu_neg; lra].
        rewrite relu_pos by lra. specialize (falls above). nra. }
  rewrite (relu_neg (f b)) in down by easy.
  destruct (Rle_dec (f c) 0); [easy|]. rewrite relu_pos in down by lra. nra.
Qed.

(** * The flow in numbers *)

Definition second (w : nat -> vector) : R := 3 / 5 * w 0%nat 0%nat + 4 / 5 * w 0%nat 1%nat.

Lemma first_input : forall w : nat -> vector, inner 2 (w 0%nat) (two_inputs 0) = w 0%nat 0%nat.
Proof. intros w. unfold inner, two_inputs. simpl. ring. Qed.

Lemma second_input : forall w : nat -> vector, inner 2 (w 0%nat) (two_inputs 1) = second w.
Proof. intros w. unfold inner, two_inputs, second. simpl. ring. Qed.

Lemma one_unit : forall w i,
  output 2 1 w ones (two_inputs i) = relu (inner 2 (w 0%nat) (two_inputs i)).
Proof. intros w i. unfold output, ones. cbn [sum INR]. rewrite sqrt_1. field. Qed.

(* The speeds of the two weights. *)
Definition speed0 (w : nat -> vector) (p : matrix) : R :=
  p 0%nat 0%nat * (-3 - relu (w 0%nat 0%nat)) + 3 / 5 * (p 1%nat 0%nat * (2 - relu (second w))).
Definition speed1 (w : nat -> vector) (p : matrix) : R :=
  4 / 5 * (p 1%nat 0%nat * (2 - relu (second w))).

Lemma flow_in_numbers : forall w p t,
  moves_with 2 1 2 w p ones two_inputs two_targets t <->
  derivable_pt_lim (fun s => w s 0%nat 0%nat) t (speed0 (w t) p)
  /\ derivable_pt_lim (fun s => w s 0%nat 1%nat) t (speed1 (w t) p).
Proof.
  intros w p t.
  assert (each : forall k, velocity 2 1 2 p ones two_inputs
      (residual 2 1 (w t) ones two_inputs two_targets) 0 k
    = match k with O => speed0 (w t) p | _ => speed1 (w t) p end).
  { intros k. unfold velocity, residual, diff. cbn [sum INR]. rewrite !one_unit.
    rewrite first_input, second_input, sqrt_1. unfold ones, two_targets, two_inputs, speed0, speed1.
    destruct k; field. }
  split.
  - intros moves. split; [rewrite <- (each 0%nat)|rewrite <- (each 1%nat)]; apply moves; auto.
  - intros [moves0 moves1] r k near_r near_k. replace r with 0%nat by lia. rewrite each.
    destruct k as [|[|k]]; [easy|easy|lia].
Qed.

Lemma second_derivative : forall w t l0 l1,
  derivable_pt_lim (fun s : R => w s 0%nat 0%nat) t l0 ->
  derivable_pt_lim (fun s : R => w s 0%nat 1%nat) t l1 ->
  derivable_pt_lim (fun s => second (w s)) t (3 / 5 * l0 + 4 / 5 * l1).
Proof.
  intros w t l0 l1 slope0 slope1. apply (derivable_pt_lim_plus
    (fun s => 3 / 5 * w s 0%nat 0%nat) (fun s => 4 / 5 * w s 0%nat 1%nat));
    [now apply (derivable_pt_lim_scal (fun s => w s 0%nat 0%nat))
    |now apply (derivable_pt_lim_scal (fun s => w s 0%nat 1%nat))].
Qed.

Lemma exp_linear_derivative : forall c t,
  derivable_pt_lim (fun s => exp (c * s)) t (exp (c * t) * (c * 1)).
Proof.
  intros c t. apply (derivable_pt_lim_comp (fun s => c * s) exp); [|apply derivable_pt_lim_exp].
  apply (derivable_pt_lim_scal id), derivable_pt_lim_id.
Qed.

(** * What holds almost always *)

Definition starts (w : R -> nat -> vector) : Prop :=
  w 0 0%nat 0%nat = 1 / 2 /\ w 0 0%nat 1%nat = 3 / 10.

(* A flow with whatever numbers p(t) at the kinks, fractions or not. *)
Definition flows T (w : R -> nat -> vector) (p : R -> matrix) : Prop :=
  (forall r, (r < 1)%nat -> continuous_on 2 T (fun s => w s r))
  /\ almost_always T (fun t => off_kinks 2 1 2 (w t) two_inputs (p t)
    /\ moves_with 2 1 2 w (p t) ones two_inputs two_targets t).

Lemma slides_flows : forall T w p,
  slides 2 1 2 T w p ones two_inputs two_targets -> flows T w p.
Proof.
  intros T w p [continuous flow]. split; [easy|]. revert flow. apply almost_weaken; [lra|].
  now intros t _ [_ flow].
Qed.

(* Where a pre-activation is 0 it almost always stands still, which determines p there. *)
Definition rules (w : nat -> vector) (p : matrix) : Prop :=
  let p0 := p 0%nat 0%nat in let p1 := p 1%nat 0%nat in let w0 := w 0%nat 0%nat in
  (0 < w0 -> p0 = 1) /\ (w0 < 0 -> p0 = 0) /\ (w0 = 0 -> speed0 w p = 0)
  /\ (0 < second w -> p1 = 1) /\ (second w < 0 -> p1 = 0)
  /\ (second w = 0 -> 3 / 5 * speed0 w p + 4 / 5 * speed1 w p = 0).

Lemma flow_rules : forall T w p, flows T w p -> almost_always T (fun t =>
  derivable_pt_lim (fun s => w s 0%nat 0%nat) t (speed0 (w t) (p t))
  /\ derivable_pt_lim (fun s => w s 0%nat 1%nat) t (speed1 (w t) (p t)) /\ rules (w t) (p t)).
Proof.
  intros T w p [_ flow].
  assert (away : almost_always T (fun t => forall i, no_crossing 2 1 w (two_inputs i) t)).
  { apply almost_no_crossing. revert flow. apply almost_weaken; [lra|].
    intros t _ [_ moves]. eexists. exact moves. }
  generalize (almost_and _ _ _ flow away). apply almost_weaken; [lra|].
  intros t _ [[off moves] rare]. apply flow_in_numbers in moves as [moves0 moves1].
  pose proof (off 0 0 ltac:(lia) ltac:(lia))%nat as off0.
  pose proof (off 1 0 ltac:(lia) ltac:(lia))%nat as off1.
  pose proof (rare 0 0 ltac:(lia))%nat as still0. pose proof (rare 1 0 ltac:(lia))%nat as still1.
  rewrite first_input in off0, still0. rewrite second_input in off1, still1.
  split; [easy|]. split; [easy|]. unfold ind_ge in *. repeat split; intros sign.
  1, 2: rewrite off0 by (intros zero; lra); patterns; lra.
  2, 3: rewrite off1 by (intros zero; lra); patterns; lra.
  - destruct still0 as [|still]; [easy|]. apply (uniqueness_limite _ _ _ _ moves0).
    apply (derivable_pt_lim_ext (fun s => inner 2 (w s 0%nat) (two_inputs 0))); [|easy].
    intros; apply first_input.
  - destruct still1 as [|still]; [easy|].
    apply (uniqueness_limite _ _ _ _ (second_derivative _ _ _ _ moves0 moves1)).
    apply (derivable_pt_lim_ext (fun s => inner 2 (w s 0%nat) (two_inputs 1))); [|easy].
    intros; apply second_input.
Qed.

(* What follows for the speeds. *)
Lemma speed_signs : forall w p, rules w p ->
  let l := 3 / 5 * speed0 w p + 4 / 5 * speed1 w p in
  0 <= p 1%nat 0%nat /\ (second w <= 2 -> l <= 2 - second w) /\ (2 < second w -> l <= 0).
Proof.
  intros w p (on0 & off0 & still0 & on1 & off1 & still1). unfold speed0, speed1 in *.
  pose proof (relu_nonneg (w 0%nat 0%nat)).
  destruct (Rtotal_order (w 0%nat 0%nat) 0) as [sign0|[sign0|sign0]];
    [rewrite off0, (relu_neg (w 0%nat 0%nat)) in * by lra
    |rewrite (relu_neg (w 0%nat 0%nat)) in * by lra; specialize (still0 sign0)
    |rewrite on0, (relu_pos (w 0%nat 0%nat)) in * by lra];
    (destruct (Rtotal_order (second w) 0) as [sign1|[sign1|sign1]];
    [rewrite off1, (relu_neg (second w)) in * by lra
    |rewrite (relu_neg (second w)) in * by lra; specialize (still1 sign1)
    |rewrite on1, (relu_pos (second w)) in * by lra]); repeat split; intros; lra.
Qed.

Lemma second_continuity : forall T w p t, flows T w p -> 0 <= t <= T ->
  continuity_pt (fun s => second (w s)) t.
Proof.
  intros T w p t [continuous _] within. apply (continuity_pt_plus
    (fun s => 3 / 5 * w s 0%nat 0%nat) (fun s => 4 / 5 * w s 0%nat 1%nat));
    [apply (continuity_pt_scal (fun s => w s 0%nat 0%nat))
    |apply (continuity_pt_scal (fun s => w s 0%nat 1%nat))]; apply (continuous 0%nat); auto.
Qed.

(* f' = c (b - f). *)
Lemma relaxation : forall T f b c s t, 0 <= s <= t -> t <= T ->
  (forall r, s <= r <= t -> continuity_pt f r) ->
  almost_always T (fun r => s < r < t -> derivable_pt_lim f r (c * (b - f r))) ->
  b - f t = (b - f s) * exp (- c * (t - s)).
Proof.
  intros T f b c s t order within continuous [kinks slope].
  assert (constant : forall h, (b - f t) * exp (c * t) * h <= (b - f s) * exp (c * s) * h).
  { intros h. apply (nonincreasing kinks (fun r => (b - f r) * exp (c * r) * h) (fun _ => 0));
      [easy| |].
    - intros r inside. apply continuity_pt_mult; [|now apply continuity_pt_const].
      apply continuity_pt_mult; [|apply derivable_continuous_pt; reg].
      apply (continuity_pt_minus (fun _ => b) f); [now apply continuity_pt_const|auto].
    - intros r inside away. split; [|lra]. specialize (slope r ltac:(lra) away inside).
      apply (derivative_eq _ _ (((0 - c * (b - f r)) * exp (c * r)
        + (b - f r) * (exp (c * r) * (c * 1))) * h)); [|ring].
      apply (derivable_pt_lim_scal_right (fun r => (b - f r) * exp (c * r))).
      apply (derivable_pt_lim_mult (fun r => b - f r) (fun r => exp (c * r)));
        [|apply exp_linear_derivative].
      apply (derivable_pt_lim_minus (fun _ => b)); [apply derivable_pt_lim_const|easy]. }
  pose proof (constant 1). pose proof (constant (-1)). pose proof (exp_pos (c * t)).
  apply Rmult_eq_reg_r with (exp (c * t)); [|lra]. rewrite Rmult_assoc, <- exp_plus.
  replace (- c * (t - s) + c * t) with (c * s) by ring. lra.
Qed.

(** * From w(0) every flow reaches w_1 = 0 and stays there *)

Lemma from_start : forall T w p, flows T w p -> starts w ->
  (forall t, 0 <= t <= T -> second (w t) < 2 /\ 0 < second (w t) /\ 0 <= w t 0%nat 0%nat)
  /\ (forall s t, 0 <= s <= t -> t <= T -> w s 0%nat 0%nat = 0 -> w t 0%nat 0%nat = 0).
Proof.
  intros T w p flow [start0 start1].
  pose proof (fun t => second_continuity T w p t flow) as continuous2.
  destruct (flow_rules T w p flow) as [kinks moves]. destruct flow as [continuous _].
  assert (cont0 : forall t, 0 <= t <= T -> continuity_pt (fun s => w s 0%nat 0%nat) t)
    by (intros; apply (continuous 0%nat); auto).
  assert (cont1 : forall t, 0 <= t <= T -> continuity_pt (fun s => w s 0%nat 1%nat) t)
    by (intros; apply (continuous 0%nat); auto).
  (* u_2 < 2 *)
  assert (below : forall t, 0 <= t <= T -> second (w t) < 2).
  { intros t within. pose proof (exp_pos (- (1) * t)).
    enough (second (w t) - (2 - 146 / 100 * exp (- (1) * t)) <= 0) by lra.
    apply (barrier T (fun s => second (w s) - (2 - 146 / 100 * exp (- (1) * s)))
      (fun s => 3 / 5 * speed0 (w s) (p s) + 4 / 5 * speed1 (w s) (p s)
        - (0 - 146 / 100 * (exp (- (1) * s) * (- (1) * 1)))) 0 t); try lra.
    - intros s inside. apply (continuity_pt_minus (fun s => second (w s)));
        [apply continuous2; lra|apply derivable_continuous_pt; reg].
    - unfold second. rewrite start0, start1, Rmult_0_r, exp_0. lra.
    - exists kinks. intros s inside away _.
      destruct (moves s inside away) as (moves0 & moves1 & rule). split.
      + apply (derivable_pt_lim_minus (fun s => second (w s))); [now apply second_derivative|].
        apply (derivable_pt_lim_minus (fun _ => 2)); [apply derivable_pt_lim_const|].
        apply (derivable_pt_lim_scal (fun s => exp (- (1) * s))), exp_linear_derivative.
      + intros above. pose proof (exp_pos (- (1) * s)).
        destruct (speed_signs _ _ rule) as (_ & low & high).
        destruct (Rle_dec (second (w s)) 2); [specialize (low ltac:(lra))|
          specialize (high ltac:(lra))]; lra. }
  assert (room : forall t, 0 <= t <= T -> 0 < 2 - relu (second (w t))).
  { intros t within. specialize (below t within).
    destruct (Rle_dec 0 (second (w t))); [rewrite relu_pos|rewrite relu_neg]; lra. }
  (* w_2 does not decrease *)
  assert (right : forall t, 0 <= t <= T -> 3 / 10 <= w t 0%nat 1%nat).
  { intros t within. rewrite <- start1. apply Ropp_le_cancel.
    apply (nonincreasing kinks (fun s => - w s 0%nat 1%nat) (fun s => - speed1 (w s) (p s)));
      [lra| |].
    - intros s inside. apply (continuity_pt_opp (fun s => w s 0%nat 1%nat)), cont1. lra.
    - intros s inside away. destruct (moves s ltac:(lra) away) as (_ & moves1 & rule). split.
      + now apply (derivable_pt_lim_opp (fun s => w s 0%nat 1%nat)).
      + destruct (speed_signs _ _ rule) as [sign _]. specialize (room s ltac:(lra)).
        unfold speed1. nra. }
  (* w_1 does not become negative *)
  assert (nonneg : forall t, 0 <= t <= T -> 0 <= w t 0%nat 0%nat).
  { intros t within. apply Ropp_le_cancel. rewrite Ropp_0.
    apply (barrier T (fun s => - w s 0%nat 0%nat) (fun s => - speed0 (w s) (p s)) 0 t); try lra.
    - intros s inside. apply (continuity_pt_opp (fun s => w s 0%nat 0%nat)), cont0. lra.
    - exists kinks. intros s inside away _.
      destruct (moves s inside away) as (moves0 & _ & rule). split.
      + now apply (derivable_pt_lim_opp (fun s => w s 0%nat 0%nat)).
      + intros negative. destruct (speed_signs _ _ rule) as [sign _].
        destruct rule as (_ & off & _). specialize (room s ltac:(lra)).
        unfold speed0. rewrite off by lra. nra. }
  assert (positive : forall t, 0 <= t <= T -> 0 < second (w t)).
  { intros t within. specialize (right t within). specialize (nonneg t within).
    unfold second. lra. }
  split; [auto|]. intros s t order within zero.
  apply Rle_antisym; [|apply nonneg; lra].
  apply (barrier T (fun s => w s 0%nat 0%nat) (fun s => speed0 (w s) (p s)) s t); try lra.
  - intros s' inside. apply cont0. lra.
  - exists kinks. intros s' inside away _.
    destruct (moves s' inside away) as (moves0 & _ & on & _ & _ & on' & _).
    split; [easy|]. intros above.
    specialize (positive s' ltac:(lra)). specialize (below s' ltac:(lra)).
    unfold speed0. rewrite on, on', relu_pos, relu_pos by lra. lra.
Qed.

(* Until w_1 reaches 0 the outputs solve u' = H (y - u) with all indicators 1. *)
Definition early0 (t : R) : R := -3 + 51 / 50 * exp (- (8 / 5) * t) + 62 / 25 * exp (- (2 / 5) * t).
Definition early1 (t : R) : R :=
  5 / 4 * (2 + 51 / 50 * exp (- (8 / 5) * t) - 62 / 25 * exp (- (2 / 5) * t) - 3 / 5 * early0 t).

Lemma early_derivatives : forall t,
  derivable_pt_lim early0 t
    (- (8 / 5) * (51 / 50) * exp (- (8 / 5) * t) - 2 / 5 * (62 / 25) * exp (- (2 / 5) * t))
  /\ derivable_pt_lim early1 t
    (4 / 5 * (62 / 25 * exp (- (2 / 5) * t) - 51 / 50 * exp (- (8 / 5) * t))).
Proof.
  intros t.
  assert (fast : derivable_pt_lim (fun s => 51 / 50 * exp (- (8 / 5) * s)) t
    (51 / 50 * (exp (- (8 / 5) * t) * (- (8 / 5) * 1))))
    by apply (derivable_pt_lim_scal (fun s => exp (- (8 / 5) * s))), exp_linear_derivative.
  assert (slow : derivable_pt_lim (fun s => 62 / 25 * exp (- (2 / 5) * s)) t
    (62 / 25 * (exp (- (2 / 5) * t) * (- (2 / 5) * 1))))
    by apply (derivable_pt_lim_scal (fun s => exp (- (2 / 5) * s))), exp_linear_derivative.
  assert (first : derivable_pt_lim early0 t (0 + 51 / 50 * (exp (- (8 / 5) * t) * (- (8 / 5) * 1))
    + 62 / 25 * (exp (- (2 / 5) * t) * (- (2 / 5) * 1)))).
  { apply (derivable_pt_lim_plus (fun s => -3 + 51 / 50 * exp (- (8 / 5) * s))); [|easy].
    apply (derivable_pt_lim_plus (fun _ => -3)); [apply derivable_pt_lim_const|easy]. }
  split; [apply (derivative_eq _ _ _ _ first); ring|].
  eapply derivative_eq.
  - apply (derivable_pt_lim_scal (fun s => 2 + 51 / 50 * exp (- (8 / 5) * s)
      - 62 / 25 * exp (- (2 / 5) * s) - 3 / 5 * early0 s)).
    apply (derivable_pt_lim_minus (fun s => 2 + 51 / 50 * exp (- (8 / 5) * s)
      - 62 / 25 * exp (- (2 / 5) * s)));
      [|apply (derivable_pt_lim_scal early0), first].
    apply (derivable_pt_lim_minus (fun s => 2 + 51 / 50 * exp (- (8 / 5) * s))); [|exact slow].
    apply (derivable_pt_lim_plus (fun _ => 2)); [apply derivable_pt_lim_const|exact fast].
  - field.
Qed.

Lemma early0_falls : forall s t, s < t -> early0 t < early0 s.
Proof.
  intros s t later. unfold early0.
  pose proof (exp_increasing (- (8 / 5) * t) (- (8 / 5) * s) ltac:(lra)).
  pose proof (exp_increasing (- (2 / 5) * t) (- (2 / 5) * s) ltac:(lra)). lra.
Qed.

(* The second pre-activation, which is u_2 as long as it is positive. *)
Lemma early_second : forall t, 0 <= t -> let u := 3 / 5 * early0 t + 4 / 5 * early1 t in
  u = 2 + 51 / 50 * exp (- (8 / 5) * t) - 62 / 25 * exp (- (2 / 5) * t) /\ 0 < u < 2.
Proof.
  intros t pos u.
  assert (equal : u = 2 + 51 / 50 * exp (- (8 / 5) * t) - 62 / 25 * exp (- (2 / 5) * t))
    by (unfold u, early1; field).
  split; [easy|]. rewrite equal.
  set (f := exp (- (2 / 5) * t)).
  assert (power : exp (- (8 / 5) * t) = f * f * f * f)
    by (unfold f; rewrite <- !exp_plus; f_equal; field).
  assert (range : 0 < f <= 1).
  { split; [apply exp_pos|]. unfold f. rewrite <- exp_0. destruct (Req_dec t 0) as [->|];
      [rewrite Rmult_0_r|apply Rlt_le, exp_increasing]; lra. }
  rewrite power. assert (f * f * f <= 1) by nra.
  assert (f * f * f * f <= 1 * f) by (apply Rmult_le_compat_r; lra). split; [|lra].
  enough (0 <= f * f * f * f - 4 * (64 / 125) * f + 3 * (256 / 625)) by lra.
  replace (f * f * f * f - 4 * (64 / 125) * f + 3 * (256 / 625))
    with ((f - 4 / 5) * (f - 4 / 5) * (f * f + 8 / 5 * f + 48 / 25)) by field.
  apply Rmult_le_pos; [apply Rle_0_sqr|nra].
Qed.

Lemma early0_start : early0 0 = 1 / 2.
Proof. unfold early0. rewrite !Rmult_0_r, exp_0. field. Qed.

(* prop:must-slide, the time t_1 after which w_1 stays 0. *)
Theorem kink_time : exists t1, 0 < t1 < 5 / 18 /\ early0 t1 = 0.
Proof.
  assert (late : early0 (5 / 18) < 0).
  { unfold early0. set (f := exp (- (2 / 5) * (5 / 18))).
    assert (power : exp (- (8 / 5) * (5 / 18)) = f * f * f * f)
      by (unfold f; rewrite <- !exp_plus; f_equal; field).
    assert (range : 0 < f < 9 / 10).
    { split; [apply exp_pos|]. unfold f. replace (- (2 / 5) * (5 / 18)) with (- (1 / 9)) by field.
      rewrite exp_Ropp. replace (9 / 10) with (/ (10 / 9)) by field. apply Rinv_lt_contravar.
      - apply Rmult_lt_0_compat; [lra|apply exp_pos].
      - pose proof (exp_ineq1 (1 / 9) ltac:(lra)). lra. }
    rewrite power. assert (f * f <= 81 / 100) by nra.
    assert (f * f * f * f <= 81 / 100 * (81 / 100))
      by (replace (f * f * f * f) with (f * f * (f * f)) by ring; nra). lra. }
  destruct (IVT_cor early0 0 (5 / 18)) as (t1 & inside & zero).
  - intros t. apply derivable_continuous_pt. eexists. apply (early_derivatives t).
  - lra.
  - rewrite early0_start. nra.
  - exists t1. split; [|easy]. pose proof early0_start.
    destruct (Req_dec t1 0) as [->|]; [lra|]. destruct (Req_dec t1 (5 / 18)) as [->|]; lra.
Qed.

Lemma kink_time_pos : forall t1, early0 t1 = 0 -> 0 < t1.
Proof.
  intros t1 zero. pose proof early0_start. apply Rnot_le_lt. intros early.
  destruct (Req_dec t1 0) as [->|]; [lra|]. pose proof (early0_falls t1 0 ltac:(lra)). lra.
Qed.

(* As long as w_1 is positive the sum and the difference of the residuals decay by themselves. *)
Lemma reaches : forall t1 T w p, early0 t1 = 0 -> t1 <= T -> flows T w p -> starts w ->
  w t1 0%nat 0%nat = 0.
Proof.
  intros t1 T w p zero within flow start. pose proof (kink_time_pos t1 zero) as pos.
  destruct (from_start T w p flow start) as [bounds stays].
  pose proof (fun t => second_continuity T w p t flow) as continuous2.
  destruct (Req_dec (w t1 0%nat 0%nat) 0) as [|other]; [easy|exfalso].
  assert (above : forall t, 0 <= t <= t1 -> 0 < w t 0%nat 0%nat).
  { intros t inside. destruct (bounds t ltac:(lra)) as (_ & _ & nonneg).
    destruct (Req_dec (w t 0%nat 0%nat) 0) as [early|]; [|lra].
    destruct other. apply (stays t); [easy|easy|easy]. }
  pose proof (flow_rules T w p flow) as moves. destruct flow as [continuous _].
  assert (cont0 : forall t, 0 <= t <= t1 -> continuity_pt (fun s => w s 0%nat 0%nat) t)
    by (intros; apply (continuous 0%nat); [lia|lia|lra]).
  assert (sum : -1 - (w t1 0%nat 0%nat + second (w t1))
    = (-1 - (w 0 0%nat 0%nat + second (w 0))) * exp (- (8 / 5) * (t1 - 0))).
  { apply (relaxation T (fun s => w s 0%nat 0%nat + second (w s))); try lra.
    - intros s inside. apply (continuity_pt_plus (fun s => w s 0%nat 0%nat)
        (fun s => second (w s))); [apply cont0|apply continuous2]; lra.
    - revert moves. apply almost_weaken; [lra|].
      intros s _ (moves0 & moves1 & on & _ & _ & on' & _) inside.
      eapply derivative_eq;
        [exact (derivable_pt_lim_plus _ _ _ _ _ moves0
          (second_derivative _ _ _ _ moves0 moves1))|].
      specialize (above s ltac:(lra)). destruct (bounds s ltac:(lra)) as (_ & positive & _).
      unfold speed0, speed1. rewrite on, on', !relu_pos by lra. field. }
  assert (difference : -5 - (w t1 0%nat 0%nat - second (w t1))
    = (-5 - (w 0 0%nat 0%nat - second (w 0))) * exp (- (2 / 5) * (t1 - 0))).
  { apply (relaxation T (fun s => w s 0%nat 0%nat - second (w s))); try lra.
    - intros s inside. apply (continuity_pt_minus (fun s => w s 0%nat 0%nat)
        (fun s => second (w s))); [apply cont0|apply continuous2]; lra.
    - revert moves. apply almost_weaken; [lra|].
      intros s _ (moves0 & moves1 & on & _ & _ & on' & _) inside.
      eapply derivative_eq;
        [exact (derivable_pt_lim_minus _ _ _ _ _ moves0
          (second_derivative _ _ _ _ moves0 moves1))|].
      specialize (above s ltac:(lra)). destruct (bounds s ltac:(lra)) as (_ & positive & _).
      unfold speed0, speed1. rewrite on, on', !relu_pos by lra. field. }
  destruct start as [start0 start1]. unfold second in sum at 2. unfold second in difference at 2.
  rewrite start0, start1, Rminus_0_r in *. unfold early0 in zero.
  specialize (above t1 ltac:(lra)). lra.
Qed.

Definition second_output (w : nat -> vector) : R := output 2 1 w ones (two_inputs 1).

Lemma second_output_pos : forall w, 0 <= second w -> second_output w = second w.
Proof. intros w pos. unfold second_output. rewrite one_unit, second_input. now apply relu_pos. Qed.

(* While w_1 = 0 the second residual decays and p_1 balances the two inputs. *)
Lemma on_the_kink : forall t1 T w p, early0 t1 = 0 -> flows T w p -> starts w ->
  almost_always T (fun t => t1 < t ->
    derivable_pt_lim (fun s => second (w s)) t (16 / 25 * (2 - second (w t)))
    /\ p t 0%nat 0%nat = (2 - second (w t)) / 5).
Proof.
  intros t1 T w p zero flow start. pose proof (kink_time_pos t1 zero) as pos.
  pose proof (reaches t1 T w p zero) as reached.
  destruct (from_start T w p flow start) as [bounds stays].
  generalize (flow_rules T w p flow). apply almost_weaken; [lra|].
  intros t inside (moves0 & moves1 & _ & _ & still & on & _) late.
  destruct (bounds t ltac:(lra)) as (below & positive & _).
  assert (kink : w t 0%nat 0%nat = 0)
    by (apply (stays t1); [lra|lra|apply reached; [lra|easy|easy]]).
  specialize (still kink). pose proof (second_derivative _ _ _ _ moves0 moves1) as slope.
  rewrite still in slope. unfold speed0, speed1 in *.
  rewrite kink, (relu_neg 0), relu_pos, on in * by lra.
  split; [|lra]. apply (derivative_eq _ _ _ _ slope). lra.
Qed.

(* prop:must-slide, for every flow from w(0), whatever numbers p are at the kinks: from time t1 on
   w_1 is 0 and p_1 a fraction that changes; the loss stays above 9/2, to which it tends, though H
   is coercive. *)
Theorem must_slide : forall t1 T w p, early0 t1 = 0 -> flows T w p -> starts w ->
  (forall t, t1 <= t <= T -> w t 0%nat 0%nat = 0 /\ 0 < second_output (w t) < 2
    /\ loss 2 1 2 (w t) ones two_inputs two_targets = 9 / 2 + (2 - second_output (w t)) ^ 2 / 2
    /\ coercive 2 (2 / 5) (HH 2 1 (w t) ones two_inputs))
  /\ (forall s t, t1 <= s <= t -> t <= T -> 2 - second_output (w t)
    = (2 - second_output (w s)) * exp (- (16 / 25) * (t - s)))
  /\ almost_always T (fun t => t1 < t -> p t 0%nat 0%nat = (2 - second_output (w t)) / 5).
Proof.
  intros t1 T w p zero flow start. pose proof (kink_time_pos t1 zero) as pos.
  pose proof (reaches t1 T w p zero) as reached.
  destruct (from_start T w p flow start) as [bounds stays].
  pose proof (on_the_kink t1 T w p zero flow start) as sliding.
  assert (same : forall t, 0 <= t <= T -> second_output (w t) = second (w t))
    by (intros t within; apply second_output_pos; destruct (bounds t within); lra).
  split; [|split].
  - intros t within. destruct (bounds t ltac:(lra)) as (below & positive & _).
    assert (kink : w t 0%nat 0%nat = 0)
      by (apply (stays t1); [lra|lra|apply reached; [lra|easy|easy]]).
    rewrite same by lra. split; [easy|]. split; [lra|]. split.
    + unfold loss. cbn [sum]. fold (second_output (w t)). rewrite same by lra.
      rewrite one_unit, first_input, kink, (relu_neg 0) by lra. unfold two_targets. field.
    + intros v. rewrite norm_squared. unfold quadratic, mul_vec, HH, inner at 1 2. cbn [sum INR].
      rewrite (first_input (w t)), (second_input (w t)), kink.
      unfold ones, inner, two_inputs. cbn [sum].
      replace (ind_ge 0) with 1 by (patterns; lra).
      replace (ind_ge (second (w t))) with 1 by (patterns; lra).
      pose proof (pow2_ge_0 (v 0%nat + v 1%nat)). lra.
  - intros s t order within. rewrite !same by lra.
    apply (relaxation T (fun s => second (w s))); try lra.
    + intros r inside. apply (second_continuity T w p); [easy|lra].
    + revert sliding. apply almost_weaken; [lra|]. intros r _ sliding inside.
      apply sliding. lra.
  - revert sliding. apply almost_weaken; [lra|]. intros t inside sliding late.
    rewrite same by lra. now apply sliding.
Qed.

(** * No constant for relu'(0) *)

(* relu'(z) with the value c at 0: c = 1 is eq:convention. *)
Definition ind_with (c z : R) : R := if Rlt_dec 0 z then 1 else if Rlt_dec z 0 then 0 else c.

Definition solves c T (w : R -> nat -> vector) : Prop :=
  (forall r, (r < 1)%nat -> continuous_on 2 T (fun s => w s r))
  /\ almost_always T (fun t => moves_with 2 1 2 w
    (fun i r => ind_with c (inner 2 (w t r) (two_inputs i))) ones two_inputs two_targets t).

Lemma ind_with_pos : forall c z, 0 < z -> ind_with c z = 1.
Proof. intros c z pos. unfold ind_with. destruct (Rlt_dec 0 z); lra. Qed.

(* prop:must-slide: for no number c is there a flow with relu'(0) = c beyond time t_1. *)
Theorem no_constant : exists t1, 0 < t1 < 5 / 18 /\ forall c,
  (exists w, starts w /\ solves c t1 w) /\ forall T w, t1 < T -> starts w -> ~ solves c T w.
Proof.
  destruct kink_time as (t1 & range & zero). exists t1. split; [easy|]. intros c. split.
  - set (w := fun (t : R) (_ k : nat) => match k with O => early0 t | _ => early1 t end).
    exists w. split; [|split].
    + split; [apply early0_start|]. unfold w, early1, early0. rewrite !Rmult_0_r, exp_0. field.
    + intros r _ k t _ _. unfold w. destruct k;
        apply derivable_continuous_pt; eexists; apply early_derivatives.
    + apply always. intros t inside. apply flow_in_numbers.
      destruct (early_second t ltac:(lra)) as [equal between].
      pose proof (early0_falls t t1 ltac:(lra)) as above. rewrite zero in above.
      unfold speed0, speed1. rewrite (first_input (w t)), (second_input (w t)). unfold second, w.
      rewrite !ind_with_pos, !relu_pos by lra. rewrite equal. destruct (early_derivatives t).
      split; (eapply derivative_eq; [eassumption|]); [unfold early0; field|field].
  - intros T w late start [continuous moves].
    set (p := fun t i r => ind_with c (inner 2 (w t r) (two_inputs i))).
    assert (flow : flows T w p).
    { split; [easy|]. revert moves. apply almost_weaken; [lra|]. intros t _ moves.
      split; [|easy]. intros i r _ _ other. unfold p, ind_with. patterns; lra. }
    destruct (must_slide t1 T w p zero flow start) as (kink & formula & [kinks fraction]).
    destruct (regular_point kinks t1 T late) as (s & inside_s & away_s).
    destruct (regular_point kinks s T) as (t & inside & away); [easy|].
    assert (same : forall r, t1 < r < T -> regular kinks r -> 2 - second_output (w r) = 5 * c).
    { intros r near away_r. pose proof (fraction r ltac:(lra) away_r ltac:(lra)) as value.
      unfold p in value. rewrite first_input, (proj1 (kink r ltac:(lra))) in value.
      unfold ind_with in value. destruct (Rlt_dec 0 0), (Rlt_dec 0 0); lra. }
    pose proof (formula s t ltac:(lra) ltac:(lra)) as decays.
    rewrite !same in decays by (easy || lra).
    destruct (kink s ltac:(lra)) as (_ & below & _).
    pose proof (same s ltac:(lra) away_s).
    assert (exp (- (16 / 25) * (t - s)) < 1) by (rewrite <- exp_0; apply exp_increasing; lra).
    nra.
Qed.

(* In particular eq:flow with eq:convention, the flow of the paper, ends. *)
Corollary no_flow : forall T w, 5 / 18 <= T -> starts w ->
  (forall r, (r < 1)%nat -> continuous_on 2 T (fun s => w s r)) ->
  ~ almost_always T (hidden_flow 2 1 2 w (fun _ => ones) two_inputs two_targets).
Proof.
  intros T w late start continuous flow. destruct no_constant as (t1 & range & none).
  destruct (none 1) as [_ no]. apply (no T w); [lra|easy|]. split; [easy|].
  revert flow. apply almost_weaken; [lra|]. intros t _ flow r k near_r near_k.
  eapply derivative_eq; [now apply (flow r k)|].
  unfold hidden_gradient, velocity, residual, diff.
  transitivity (ones r / sqrt 1%nat * (-1 * (\sum_(i < 2) (output 2 1 (w t) ones (two_inputs i)
    - two_targets i) * ind_ge (inner 2 (w t r) (two_inputs i)) * two_inputs i k))); [ring|].
  f_equal. rewrite <- sum_scale. apply sum_ext; intros i _.
  replace (ind_with 1 (inner 2 (w t r) (two_inputs i)))
    with (ind_ge (inner 2 (w t r) (two_inputs i))) by (unfold ind_with; patterns; lra).
  ring.
Qed.

(** * The sliding flow *)

(* f up to time tau, from then on the increments of g. *)
Definition glue (tau : R) (f g : R -> R) (t : R) : R :=
  f (tau - relu (tau - t)) + (g (tau + relu (t - tau)) - g tau).

Lemma glue_before : forall tau f g t, t <= tau -> glue tau f g t = f t.
Proof.
  intros tau f g t early. unfold glue. rewrite relu_pos, relu_neg by lra.
  replace (tau - (tau - t)) with t by ring. replace (tau + 0) with tau by ring. ring.
Qed.

Lemma glue_after : forall tau f g t, f tau = g tau -> tau <= t -> glue tau f g t = g t.
Proof.
  intros tau f g t joins late. unfold glue. rewrite relu_neg, relu_pos, Rminus_0_r, joins by lra.
  replace (tau + (t - tau)) with t by ring. ring.
Qed.

Lemma glue_continuity : forall tau f g t, (forall s, continuity_pt f s) ->
  (forall s, continuity_pt g s) -> continuity_pt (glue tau f g) t.
Proof.
  intros tau f g t continuous_f continuous_g.
  assert (clip : forall c s, continuity_pt (fun s => c + -1 * relu (c - s)) s
    /\ continuity_pt (fun s => c + relu (s - c)) s).
  { intros c s. split.
    - apply (continuity_pt_plus (fun _ => c) (fun s => -1 * relu (c - s)));
        [now apply continuity_pt_const|].
      apply (continuity_pt_scal (fun s => relu (c - s))).
      apply (continuity_pt_comp (fun s => c - s) relu); [|apply relu_continuity].
      apply derivable_continuous_pt. reg.
    - apply (continuity_pt_plus (fun _ => c) (fun s => relu (s - c)));
        [now apply continuity_pt_const|].
      apply (continuity_pt_comp (fun s => s - c) relu); [|apply relu_continuity].
      apply derivable_continuous_pt. reg. }
  apply (continuity_pt_plus (fun s => f (tau - relu (tau - s)))
    (fun s => g (tau + relu (s - tau)) - g tau)).
  - apply (continuity_pt_comp (fun s => tau - relu (tau - s)) f); [|easy].
    replace (fun s => tau - relu (tau - s)) with (fun s => tau + -1 * relu (tau - s))
      by (apply functional_extensionality; intros; ring). apply clip.
  - apply (continuity_pt_minus (fun s => g (tau + relu (s - tau))) (fun _ => g tau));
      [|now apply continuity_pt_const].
    now apply (continuity_pt_comp (fun s => tau + relu (s - tau)) g); [apply clip|].
Qed.

Lemma glue_derivative : forall tau f g t f' g',
  f tau = g tau -> t <> tau -> derivable_pt_lim f t f' -> derivable_pt_lim g t g' ->
  derivable_pt_lim (glue tau f g) t (if Rlt_dec t tau then f' else g').
Proof.
  intros tau f g t f' g' joins other slope_f slope_g. destruct (Rlt_dec t tau).
  - apply (derivable_pt_lim_locally_ext f _ t (t - 1) tau); [lra| |easy].
    intros s near. symmetry. apply glue_before. lra.
  - apply (derivable_pt_lim_locally_ext g _ t tau (t + 1)); [lra| |easy].
    intros s near. symmetry. apply glue_after; [easy|lra].
Qed.

(* prop:must-slide, "goes on for ever": a sliding flow from w(0), on every [0, T]. *)
Theorem flow_from_start : exists w p, starts w
  /\ forall T, slides 2 1 2 T w p ones two_inputs two_targets.
Proof.
  destruct kink_time as (tau & [pos _] & reached).
  set (u0 := 4 / 5 * early1 tau).
  set (u := fun t => 2 - (2 - u0) * exp (- (16 / 25) * (t - tau))).
  set (w := fun t (_ k : nat) => match k with
    | O => glue tau early0 (fun _ => 0) t | _ => glue tau early1 (fun s => 5 / 4 * u s) t end).
  set (p := fun t (i _ : nat) => match i with
    | O => if Rlt_dec t tau then 1 else (2 - u t) / 5 | _ => 1 end).
  assert (range : 0 < u0 < 2).
  { destruct (early_second tau ltac:(lra)) as [_ range]. rewrite reached in range. unfold u0. lra. }
  assert (joins : early1 tau = 5 / 4 * u tau).
  { unfold u, u0. rewrite Rminus_eq_0, Rmult_0_r, exp_0. field. }
  assert (slope : forall t, derivable_pt_lim (fun s => 5 / 4 * u s) t (4 / 5 * (2 - u t))).
  { intros t. eapply derivative_eq.
    - apply (derivable_pt_lim_scal u), (derivable_pt_lim_minus (fun _ => 2));
        [apply derivable_pt_lim_const|].
      apply (derivable_pt_lim_scal (fun s => exp (- (16 / 25) * (s - tau)))).
      apply (derivable_pt_lim_comp (fun s => - (16 / 25) * (s - tau)) exp);
        [|apply derivable_pt_lim_exp].
      apply (derivable_pt_lim_scal (fun s => s - tau)), (derivable_pt_lim_minus id (fun _ => tau));
        [apply derivable_pt_lim_id|apply derivable_pt_lim_const].
    - unfold u. field. }
  assert (late : forall t, tau <= t -> 0 < u t < 2).
  { intros t after. unfold u. pose proof (exp_pos (- (16 / 25) * (t - tau))).
    assert (exp (- (16 / 25) * (t - tau)) <= 1)
      by (rewrite <- exp_0; destruct (Req_dec t tau) as [->|];
          [rewrite Rminus_eq_0, Rmult_0_r|apply Rlt_le, exp_increasing]; lra). nra. }
  exists w, p. split; [|intros T; split].
  - unfold starts, w. rewrite !glue_before by lra. unfold early1, early0.
    rewrite !Rmult_0_r, exp_0. split; field.
  - intros r _ k t _ _. unfold w.
    destruct k; apply glue_continuity; intros s; try (now apply continuity_pt_const);
      apply derivable_continuous_pt; eexists; apply early_derivatives || apply slope.
  - exists (fun _ => tau). intros t inside away. specialize (away 0%nat).
    assert (slopes : derivable_pt_lim (fun s => w s 0%nat 0%nat) t
        (if Rlt_dec t tau then - (8 / 5) * (51 / 50) * exp (- (8 / 5) * t)
          - 2 / 5 * (62 / 25) * exp (- (2 / 5) * t) else 0)
      /\ derivable_pt_lim (fun s => w s 0%nat 1%nat) t
        (if Rlt_dec t tau
          then 4 / 5 * (62 / 25 * exp (- (2 / 5) * t) - 51 / 50 * exp (- (8 / 5) * t))
          else 4 / 5 * (2 - u t))).
    { split; apply glue_derivative; auto; try apply early_derivatives; try apply slope.
      apply derivable_pt_lim_const. }
    assert (values : if Rlt_dec t tau
      then 0 < w t 0%nat 0%nat /\ w t 0%nat 0%nat = early0 t /\ 0 < second (w t)
        /\ second (w t) = 2 + 51 / 50 * exp (- (8 / 5) * t) - 62 / 25 * exp (- (2 / 5) * t)
      else w t 0%nat 0%nat = 0 /\ 0 < second (w t) < 2 /\ second (w t) = u t).
    { unfold second, w. destruct (Rlt_dec t tau) as [early|after].
      - rewrite !glue_before by lra. destruct (early_second t ltac:(lra)) as [equal between].
        pose proof (early0_falls t tau early). rewrite reached in *. repeat split; lra.
      - rewrite !glue_after by (lra || easy). specialize (late t ltac:(lra)). repeat split; lra. }
    split; [|split].
    + intros i r _ _. unfold p. destruct i as [|i]; [|lra]. destruct (Rlt_dec t tau); [lra|].
      specialize (late t ltac:(lra)). lra.
    + intros i r near_i near_r. replace r with 0%nat by lia.
      destruct i as [|[|i]]; [rewrite (first_input (w t))|rewrite (second_input (w t))|lia];
        unfold p, ind_ge; intros other; destruct (Rlt_dec t tau), (Rle_dec _ _); try lra.
      all: now destruct other.
    + apply flow_in_numbers. destruct slopes as [slope0 slope1].
      split; [apply (derivative_eq _ _ _ _ slope0)|apply (derivative_eq _ _ _ _ slope1)];
        unfold speed0, speed1, p; destruct (Rlt_dec t tau); destruct values as (at0 & values);
        rewrite !relu_pos by lra; unfold early0 in values; rewrite ?at0; lra.
Qed.

(** * A flow that ends for the paper's relu'(0) *)

(* n = m = d = 1, x = a = 1, y = -1, w(0) = 1. *)
Definition solves_single T (w : R -> nat -> vector) : Prop :=
  w 0 0%nat 0%nat = 1 /\ (forall r, (r < 1)%nat -> continuous_on 1 T (fun s => w s r))
  /\ almost_always T (hidden_flow 1 1 1 w (fun _ => ones) (fun _ => ones) (fun _ => -1)).

Lemma single_flow : forall w t,
  hidden_flow 1 1 1 w (fun _ => ones) (fun _ => ones) (fun _ => -1) t <->
  derivable_pt_lim (fun s => w s 0%nat 0%nat) t
    (- (relu (w t 0%nat 0%nat) + 1) * ind_ge (w t 0%nat 0%nat)).
Proof.
  intros w t.
  assert (product : forall v, inner 1 v ones = v 0%nat)
    by (intros; unfold inner, ones; cbn [sum]; ring).
  assert (speed : - hidden_gradient 1 1 1 (w t) ones (fun _ => ones) (fun _ => -1) 0%nat 0%nat
    = - (relu (w t 0%nat 0%nat) + 1) * ind_ge (w t 0%nat 0%nat)).
  { unfold hidden_gradient, output. cbn [sum INR]. rewrite sqrt_1, product. unfold ones. field. }
  rewrite <- speed. split; [intros flow; apply flow; lia|].
  intros slope r k near near'. replace r with 0%nat by lia. now replace k with 0%nat by lia.
Qed.

(* prop:no-solution. *)
Theorem no_solution :
  (exists w, solves_single (ln 2) w) /\ forall T w, ln 2 < T -> ~ solves_single T w.
Proof.
  split.
  - exists (fun t _ _ => 2 * exp (- (1) * t) - 1). split; [rewrite Rmult_0_r, exp_0; ring|].
    assert (slope : forall t, derivable_pt_lim (fun s => 2 * exp (- (1) * s) - 1) t
      (-2 * exp (- (1) * t))).
    { intros t. eapply derivative_eq;
        [apply (derivable_pt_lim_minus (fun s => 2 * exp (- (1) * s)) (fun _ => 1))|].
      - apply (derivable_pt_lim_scal (fun s => exp (- (1) * s))), exp_linear_derivative.
      - apply derivable_pt_lim_const.
      - ring. }
    split; [intros r _ k t _ _; apply derivable_continuous_pt; eexists; apply slope|].
    apply always. intros t inside. apply single_flow.
    apply (derivative_eq _ _ _ _ (slope t)).
    assert (1 < 2 * exp (- (1) * t)).
    { pose proof (exp_increasing (- ln 2) (- (1) * t) ltac:(lra)) as above.
      rewrite exp_Ropp, exp_ln in above by lra. lra. }
    rewrite relu_pos by lra. replace (ind_ge _) with 1 by (patterns; lra). ring.
  - intros T w late (start & continuous & kinks & flow).
    assert (pos : 0 < ln 2) by (rewrite <- ln_1; apply ln_increasing; lra).
    assert (cont : forall t, 0 <= t <= T -> continuity_pt (fun s => w s 0%nat 0%nat) t)
      by (intros; apply (continuous 0%nat); auto).
    assert (moves : forall t, 0 < t < T -> regular kinks t ->
      derivable_pt_lim (fun s => w s 0%nat 0%nat) t
        (- (relu (w t 0%nat 0%nat) + 1) * ind_ge (w t 0%nat 0%nat)))
      by (intros; apply single_flow; auto).
    assert (nonneg : forall t, 0 <= t <= T -> 0 <= w t 0%nat 0%nat).
    { intros t within. apply Ropp_le_cancel. rewrite Ropp_0.
      apply (barrier T (fun s => - w s 0%nat 0%nat)
        (fun s => - (- (relu (w s 0%nat 0%nat) + 1) * ind_ge (w s 0%nat 0%nat))) 0 t); try lra.
      - intros s inside. apply (continuity_pt_opp (fun s => w s 0%nat 0%nat)), cont. lra.
      - exists kinks. intros s inside away _. split;
          [apply (derivable_pt_lim_opp (fun s => w s 0%nat 0%nat)), moves; easy|].
        intros negative. replace (ind_ge (w s 0%nat 0%nat)) with 0 by (patterns; lra). lra. }
    assert (down : (w T 0%nat 0%nat + 1) * exp (1 * T) <= (w 0 0%nat 0%nat + 1) * exp (1 * 0)).
    { apply (nonincreasing kinks (fun s => (w s 0%nat 0%nat + 1) * exp (1 * s))
        (fun s => (- (relu (w s 0%nat 0%nat) + 1) * ind_ge (w s 0%nat 0%nat) + 0) * exp (1 * s)
          + (w s 0%nat 0%nat + 1) * (exp (1 * s) * (1 * 1)))); [lra| |].
      - intros s inside. apply continuity_pt_mult; [|apply derivable_continuous_pt; reg].
        apply (continuity_pt_plus (fun s => w s 0%nat 0%nat) (fun _ => 1));
          [now apply cont|now apply continuity_pt_const].
      - intros s inside away. split.
        + apply (derivable_pt_lim_mult (fun s => w s 0%nat 0%nat + 1) (fun s => exp (1 * s)));
            [|apply exp_linear_derivative].
          apply (derivable_pt_lim_plus (fun s => w s 0%nat 0%nat) (fun _ => 1));
            [now apply moves|apply derivable_pt_lim_const].
        + specialize (nonneg s ltac:(lra)).
          replace (ind_ge (w s 0%nat 0%nat)) with 1 by (patterns; lra).
          rewrite relu_pos by lra. lra. }
    rewrite start, Rmult_0_r, exp_0, !Rmult_1_l in down.
    specialize (nonneg T ltac:(lra)). pose proof (exp_increasing (ln 2) T late) as large.
    rewrite exp_ln in large by lra. nra.
Qed.
