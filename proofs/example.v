(* A network of one unit whose flow must slide: n = d = 2, m = 1, a = 1, x_1 = (1, 0),
   x_2 = (3/5, 4/5), y = (-3, 2), w(0) = (1/2, 3/10).  Indices count from 0: x_1 is input 0. *)

From Coq Require Import Reals Lra Lia FunctionalExtensionality.
Require Import times answers sliding.
Local Open Scope R_scope.
Local Coercion INR : nat >-> R.

Definition two_inputs : nat -> vector := fun i k =>
  match i, k with O, O => 1 | O, _ => 0 | _, O => 3 / 5 | _, _ => 4 / 5 end.
Definition two_targets : vector := fun i => match i with O => -3 | _ => 2 end.
Definition ones : vector := fun _ => 1.

(* relu'(z) with the value c at 0: c = 1 is eq:convention. *)
Definition ind_with (c z : R) : R := if Rlt_dec 0 z then 1 else if Rlt_dec z 0 then 0 else c.

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

(** * From w(0) every flow reaches w_1 = 0 and stays there *)

Definition starts (w : R -> nat -> vector) : Prop :=
  w 0 0%nat 0%nat = 1 / 2 /\ w 0 0%nat 1%nat = 3 / 10.

(* What the fractions are where the pre-activations are not 0. *)
Lemma fractions_in_numbers : forall w p, fractions 2 1 2 w two_inputs p ->
  let p0 := p 0%nat 0%nat in let p1 := p 1%nat 0%nat in
  0 <= p0 <= 1 /\ (0 < w 0%nat 0%nat -> p0 = 1) /\ (w 0%nat 0%nat < 0 -> p0 = 0)
  /\ 0 <= p1 <= 1 /\ (0 < second w -> p1 = 1) /\ (second w < 0 -> p1 = 0).
Proof.
  intros w p fraction p0 p1.
  destruct (fraction 0 0 ltac:(lia) ltac:(lia))%nat as [range0 at0].
  destruct (fraction 1 0 ltac:(lia) ltac:(lia))%nat as [range1 at1].
  rewrite first_input in at0. rewrite second_input in at1. unfold ind_ge in *.
  repeat split; try easy; intros sign; unfold p0, p1;
    (rewrite at0 || rewrite at1); try (intros zero; lra); patterns; lra.
Qed.

Lemma second_continuity : forall T w p t,
  slides 2 1 2 T w p ones two_inputs two_targets -> 0 <= t <= T ->
  continuity_pt (fun s => second (w s)) t.
Proof.
  intros T w p t [continuous _] within. apply (continuity_pt_plus
    (fun s => 3 / 5 * w s 0%nat 0%nat) (fun s => 4 / 5 * w s 0%nat 1%nat));
    [apply (continuity_pt_scal (fun s => w s 0%nat 0%nat))
    |apply (continuity_pt_scal (fun s => w s 0%nat 1%nat))]; apply (continuous 0%nat); auto.
Qed.

Lemma from_start : forall T w p, slides 2 1 2 T w p ones two_inputs two_targets -> starts w ->
  forall t, 0 <= t <= T ->
  146 / 100 * exp (- t) <= 2 - second (w t) /\ 24 / 100 <= second (w t)
  /\ 0 <= w t 0%nat 0%nat /\ (5 / 18 <= t -> w t 0%nat 0%nat = 0).
Proof.
  intros T w p sliding [start0 start1].
  pose proof (fun t => second_continuity T w p t sliding) as continuous2.
  destruct sliding as [continuous [kinks flow]].
  assert (cont0 : forall t, 0 <= t <= T -> continuity_pt (fun s => w s 0%nat 0%nat) t)
    by (intros; apply (continuous 0%nat); auto).
  assert (cont1 : forall t, 0 <= t <= T -> continuity_pt (fun s => w s 0%nat 1%nat) t)
    by (intros; apply (continuous 0%nat); auto).
  assert (moves : forall t, 0 < t < T -> regular kinks t ->
    derivable_pt_lim (fun s => w s 0%nat 0%nat) t (speed0 (w t) (p t))
    /\ derivable_pt_lim (fun s => w s 0%nat 1%nat) t (speed1 (w t) (p t)))
    by (intros t inside away; apply flow_in_numbers, flow; easy).
  assert (fraction : forall t, 0 < t < T -> regular kinks t ->
    fractions 2 1 2 (w t) two_inputs (p t))
    by (intros t inside away; apply flow; easy).
  (* u_2 < 2 *)
  assert (low : forall t, 0 <= t <= T -> 146 / 100 * exp (- t) <= 2 - second (w t)).
  { intros t within.
    assert (down : (second (w t) - 2) * exp (1 * t) <= (second (w 0) - 2) * exp (1 * 0)).
    { apply (nonincreasing kinks (fun s => (second (w s) - 2) * exp (1 * s))
        (fun s => (3 / 5 * speed0 (w s) (p s) + 4 / 5 * speed1 (w s) (p s) - 0) * exp (1 * s)
          + (second (w s) - 2) * (exp (1 * s) * (1 * 1)))); [lra| |].
      - intros s inside. apply continuity_pt_mult; [|apply derivable_continuous_pt; reg].
        apply (continuity_pt_minus (fun s => second (w s)) (fun _ => 2));
          [|now apply continuity_pt_const].
        apply continuous2. lra.
      - intros s inside away. destruct (moves s ltac:(lra) away) as [moves0 moves1]. split.
        + apply (derivable_pt_lim_mult (fun s => second (w s) - 2) (fun s => exp (1 * s)));
            [|apply exp_linear_derivative].
          apply (derivable_pt_lim_minus (fun s => second (w s)) (fun _ => 2));
            [now apply second_derivative|apply derivable_pt_lim_const].
        + pose proof (exp_pos (1 * s)).
          destruct (fractions_in_numbers _ _ (fraction s ltac:(lra) away))
            as (range0 & _ & _ & range1 & pos & neg).
          pose proof (relu_nonneg (w s 0%nat 0%nat)).
          enough (3 / 5 * speed0 (w s) (p s) + 4 / 5 * speed1 (w s) (p s) <= 2 - second (w s))
            by nra.
          unfold speed0, speed1.
          assert (p s 0%nat 0%nat * (-3 - relu (w s 0%nat 0%nat)) <= 0) by nra.
          enough (p s 1%nat 0%nat * (2 - relu (second (w s))) <= 2 - second (w s)) by lra.
          destruct (Rlt_dec 0 (second (w s))); [rewrite pos, relu_pos by lra; lra|].
          rewrite relu_neg by lra. nra. }
    unfold second at 2 in down. rewrite start0, start1, Rmult_1_l, Rmult_0_r, exp_0 in down.
    rewrite exp_Ropp. pose proof (exp_pos t).
    apply Rmult_le_reg_r with (exp t); [easy|]. rewrite Rmult_assoc, Rinv_l by lra. lra. }
  assert (below : forall t, 0 <= t <= T -> relu (second (w t)) < 2).
  { intros t within. specialize (low t within). pose proof (exp_pos (- t)).
    destruct (Rle_dec 0 (second (w t))); [rewrite relu_pos|rewrite relu_neg]; lra. }
  (* w_2 does not decrease *)
  assert (right : forall t, 0 <= t <= T -> 3 / 10 <= w t 0%nat 1%nat).
  { intros t within. rewrite <- start1. apply Ropp_le_cancel.
    apply (nonincreasing kinks (fun s => - w s 0%nat 1%nat) (fun s => - speed1 (w s) (p s)));
      [lra| |].
    - intros s inside. apply (continuity_pt_opp (fun s => w s 0%nat 1%nat)), cont1. lra.
    - intros s inside away. destruct (moves s ltac:(lra) away) as [_ moves1]. split.
      + now apply (derivable_pt_lim_opp (fun s => w s 0%nat 1%nat)).
      + destruct (fractions_in_numbers _ _ (fraction s ltac:(lra) away))
          as (_ & _ & _ & range1 & _). specialize (below s ltac:(lra)). unfold speed1. nra. }
  (* w_1 does not become negative *)
  assert (nonneg : forall t, 0 <= t <= T -> 0 <= w t 0%nat 0%nat).
  { intros t within. apply Ropp_le_cancel. rewrite Ropp_0.
    apply (barrier T (fun s => - w s 0%nat 0%nat) (fun s => - speed0 (w s) (p s)) 0 t); try lra.
    - intros s inside. apply (continuity_pt_opp (fun s => w s 0%nat 0%nat)), cont0. lra.
    - exists kinks. intros s inside away inside'.
      destruct (moves s inside away) as [moves0 _]. split.
      + now apply (derivable_pt_lim_opp (fun s => w s 0%nat 0%nat)).
      + intros negative. destruct (fractions_in_numbers _ _ (fraction s inside away))
          as (_ & _ & off & range1 & _). specialize (below s ltac:(lra)).
        unfold speed0. rewrite off by lra. nra. }
  assert (positive : forall t, 0 <= t <= T -> 24 / 100 <= second (w t)).
  { intros t within. specialize (right t within). specialize (nonneg t within).
    unfold second. lra. }
  (* w_1 falls at 9/5 at least where it is positive *)
  assert (falls : forall t, 0 < t < T -> regular kinks t -> 0 < w t 0%nat 0%nat ->
    speed0 (w t) (p t) <= - (9 / 5)).
  { intros t inside away above. specialize (positive t ltac:(lra)). specialize (below t ltac:(lra)).
    destruct (fractions_in_numbers _ _ (fraction t inside away)) as (_ & on & _ & _ & on' & _).
    unfold speed0. rewrite on, on', relu_pos, relu_pos by lra.
    rewrite relu_pos in below by lra. lra. }
  intros t within. repeat split; auto. intros late. apply Rle_antisym; [|now apply nonneg].
  assert (reached : w (5 / 18) 0%nat 0%nat <= 0).
  { enough (w (5 / 18) 0%nat 0%nat - (1 / 2 - 9 / 5 * (5 / 18)) <= 0) by lra.
    apply (barrier T (fun s => w s 0%nat 0%nat - (1 / 2 - 9 / 5 * s))
      (fun s => speed0 (w s) (p s) - (0 - 9 / 5 * 1)) 0 (5 / 18)); try lra.
    - intros s inside. apply (continuity_pt_minus (fun s => w s 0%nat 0%nat)); [apply cont0; lra|].
      apply derivable_continuous_pt. reg.
    - exists kinks. intros s inside away inside'.
      destruct (moves s inside away) as [moves0 _]. split.
      + apply (derivable_pt_lim_minus (fun s => w s 0%nat 0%nat)); [easy|].
        apply (derivable_pt_lim_minus (fun _ => 1 / 2)); [apply derivable_pt_lim_const|].
        apply (derivable_pt_lim_scal id), derivable_pt_lim_id.
      + intros above. specialize (falls s inside away ltac:(lra)). lra. }
  apply (barrier T (fun s => w s 0%nat 0%nat) (fun s => speed0 (w s) (p s)) (5 / 18) t); try lra.
  - intros s inside. apply cont0. lra.
  - exists kinks. intros s inside away inside'. split; [now apply moves|].
    intros above. specialize (falls s inside away above). lra.
Qed.

Definition second_output (w : nat -> vector) : R := output 2 1 w ones (two_inputs 1).

Lemma second_output_pos : forall w, 0 <= second w -> second_output w = second w.
Proof. intros w pos. unfold second_output. rewrite one_unit, second_input. now apply relu_pos. Qed.

(* While w_1 = 0 the second residual decays and p_1 balances the two inputs. *)
Lemma on_the_kink : forall T w p, slides 2 1 2 T w p ones two_inputs two_targets -> starts w ->
  almost_always T (fun t => 5 / 18 < t ->
    derivable_pt_lim (fun s => second (w s)) t (16 / 25 * (2 - second (w t)))
    /\ p t 0%nat 0%nat = (2 - second (w t)) / 5).
Proof.
  intros T w p flow start. pose proof (from_start T w p flow start) as all.
  destruct flow as [_ flow]. revert flow. apply almost_weaken; [lra|].
  intros t inside [fraction moves] late. apply flow_in_numbers in moves as [moves0 moves1].
  destruct (all t ltac:(lra)) as (_ & pos & _ & kink).
  destruct (fractions_in_numbers _ _ fraction) as (_ & _ & _ & _ & on & _).
  assert (still : speed0 (w t) (p t) = 0).
  { apply (uniqueness_limite _ _ _ _ moves0).
    apply (derivable_pt_lim_locally_ext (fun _ => 0) _ t (5 / 18) T);
      [lra| |apply derivable_pt_lim_const].
    intros s near. symmetry. apply all; lra. }
  pose proof (second_derivative _ _ _ _ moves0 moves1) as slope. rewrite still in slope.
  unfold speed0, speed1 in *. rewrite kink, (relu_neg 0), relu_pos, on in * by lra.
  split; [|lra]. apply (derivative_eq _ _ _ _ slope). lra.
Qed.

(* prop:must-slide, for every sliding flow from w(0): from time 5/18 on w_1 is 0, u_1 stays at 0
   and the loss at 9/2 or more, while u_2 tends to 2; p_1 is determined, and changes. *)
Theorem must_slide : forall T w p,
  slides 2 1 2 T w p ones two_inputs two_targets -> starts w ->
  (forall t, 5 / 18 <= t <= T -> w t 0%nat 0%nat = 0 /\ 0 < second_output (w t) < 2
    /\ 9 / 2 <= loss 2 1 2 (w t) ones two_inputs two_targets)
  /\ (forall t0 t, 5 / 18 <= t0 <= t -> t <= T -> 2 - second_output (w t)
    = (2 - second_output (w t0)) * exp (- (16 / 25) * (t - t0)))
  /\ almost_always T (fun t => 5 / 18 < t -> p t 0%nat 0%nat = (2 - second_output (w t)) / 5).
Proof.
  intros T w p flow start. pose proof (from_start T w p flow start) as all.
  pose proof (on_the_kink T w p flow start) as sliding.
  assert (same : forall t, 0 <= t <= T -> second_output (w t) = second (w t))
    by (intros t within; apply second_output_pos; destruct (all t within); lra).
  split; [|split].
  - intros t within. destruct (all t ltac:(lra)) as (low & pos & _ & kink).
    pose proof (exp_pos (- t)). rewrite same by lra. split; [apply kink; lra|]. split; [lra|].
    unfold loss. cbn [sum]. fold (second_output (w t)). rewrite same by lra.
    rewrite one_unit, first_input, kink, (relu_neg 0) by lra. unfold two_targets.
    pose proof (pow2_ge_0 (second (w t) - 2)). nra.
  - intros t0 t late within. rewrite !same by lra. destruct sliding as [kinks sliding].
    assert (constant : forall c, (2 - second (w t)) * exp (16 / 25 * t) * c
      <= (2 - second (w t0)) * exp (16 / 25 * t0) * c).
    { intros c. apply (nonincreasing kinks (fun s => (2 - second (w s)) * exp (16 / 25 * s) * c)
        (fun _ => 0)); [lra| |].
      - intros s inside. apply continuity_pt_mult; [|now apply continuity_pt_const].
        apply continuity_pt_mult; [|apply derivable_continuous_pt; reg].
        apply (continuity_pt_minus (fun _ => 2) (fun s => second (w s)));
          [now apply continuity_pt_const|]. apply (second_continuity T w p); [easy|lra].
      - intros s inside away. split; [|lra].
        destruct (sliding s ltac:(lra) away ltac:(lra)) as [slope _].
        apply (derivative_eq _ _ (((0 - 16 / 25 * (2 - second (w s))) * exp (16 / 25 * s)
          + (2 - second (w s)) * (exp (16 / 25 * s) * (16 / 25 * 1))) * c)); [|ring].
        apply (derivable_pt_lim_scal_right (fun s => (2 - second (w s)) * exp (16 / 25 * s))).
        apply (derivable_pt_lim_mult (fun s => 2 - second (w s)) (fun s => exp (16 / 25 * s)));
          [|apply exp_linear_derivative].
        apply (derivable_pt_lim_minus (fun _ => 2)); [apply derivable_pt_lim_const|easy]. }
    pose proof (constant 1) as down. pose proof (constant (-1)) as up.
    apply Rmult_eq_reg_r with (exp (16 / 25 * t)); [|pose proof (exp_pos (16 / 25 * t)); lra].
    rewrite Rmult_assoc, <- exp_plus.
    replace (- (16 / 25) * (t - t0) + 16 / 25 * t) with (16 / 25 * t0) by ring. lra.
  - revert sliding. apply almost_weaken; [lra|]. intros t inside sliding late.
    rewrite same by lra. now apply sliding.
Qed.

Lemma ind_with_range : forall c z, 0 <= c <= 1 ->
  0 <= ind_with c z <= 1 /\ (z <> 0 -> ind_with c z = ind_ge z).
Proof.
  intros c z range. unfold ind_with. split; [patterns; lra|]. intros other. patterns; lra.
Qed.

(* prop:must-slide, for no constant c as relu'(0): beyond time 5/18 there is no flow. *)
Theorem no_constant : forall c T w, 0 <= c <= 1 -> 5 / 18 < T -> starts w ->
  (forall r, (r < 1)%nat -> continuous_on 2 T (fun s => w s r)) ->
  ~ almost_always T (fun t => moves_with 2 1 2 w
      (fun i r => ind_with c (inner 2 (w t r) (two_inputs i))) ones two_inputs two_targets t).
Proof.
  intros c T w range late start continuous moves.
  set (p := fun t i r => ind_with c (inner 2 (w t r) (two_inputs i))).
  assert (flow : slides 2 1 2 T w p ones two_inputs two_targets).
  { split; [easy|]. revert moves. apply almost_weaken; [lra|]. intros t _ moves.
    split; [|easy]. intros i r _ _. now apply ind_with_range. }
  destruct (must_slide T w p flow start) as (kink & formula & [kinks fraction]).
  destruct (regular_point kinks (5 / 18) T late) as (t0 & inside0 & away0).
  destruct (regular_point kinks t0 T) as (t & inside & away); [easy|].
  assert (same : forall s, 5 / 18 < s < T -> regular kinks s -> 2 - second_output (w s) = 5 * c).
  { intros s near regular_s. pose proof (fraction s ltac:(lra) regular_s ltac:(lra)) as value.
    unfold p in value. rewrite first_input, (proj1 (kink s ltac:(lra))) in value.
    unfold ind_with in value. destruct (Rlt_dec 0 0), (Rlt_dec 0 0); lra. }
  pose proof (formula t0 t ltac:(lra) ltac:(lra)) as decays.
  rewrite !same in decays by (easy || lra).
  destruct (kink t0 ltac:(lra)) as (_ & below & _).
  assert (5 * c > 0) by (rewrite <- (same t0) by (easy || lra); lra).
  assert (exp (- (16 / 25) * (t - t0)) < 1) by (rewrite <- exp_0; apply exp_increasing; lra).
  nra.
Qed.

(* In particular not for eq:convention: the flow of the paper itself, eq:flow, ends. *)
Corollary no_flow : forall T w, 5 / 18 < T -> starts w ->
  (forall r, (r < 1)%nat -> continuous_on 2 T (fun s => w s r)) ->
  ~ almost_always T (hidden_flow 2 1 2 w (fun _ => ones) two_inputs two_targets).
Proof.
  intros T w late start continuous flow. apply (no_constant 1 T w); try easy; [lra|].
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

(* prop:must-slide, the flow along the kink w_1 = 0 from u_2 = u0 on: it exists for all time. *)
Theorem sliding_solution : forall T u0, 0 <= u0 <= 2 ->
  let u := fun t => 2 - (2 - u0) * exp (- (16 / 25) * t) in
  let w := fun t (_ k : nat) => match k with O => 0 | _ => 5 / 4 * u t end in
  let p := fun t (i _ : nat) => match i with O => (2 - u t) / 5 | _ => 1 end in
  slides 2 1 2 T w p ones two_inputs two_targets
  /\ forall t, 0 <= t -> second_output (w t) = u t.
Proof.
  intros T u0 range u w p.
  assert (slope : forall t, derivable_pt_lim (fun s => 5 / 4 * u s) t (4 / 5 * (2 - u t))).
  { intros t. eapply derivative_eq.
    - apply (derivable_pt_lim_scal u), (derivable_pt_lim_minus (fun _ => 2));
        [apply derivable_pt_lim_const|].
      apply (derivable_pt_lim_scal (fun s => exp (- (16 / 25) * s))), exp_linear_derivative.
    - unfold u. field. }
  assert (value : forall t, second (w t) = u t) by (intros t; unfold second, w; field).
  assert (within : forall t, 0 <= t -> 0 <= u t <= 2).
  { intros t pos. unfold u. pose proof (exp_pos (- (16 / 25) * t)).
    assert (exp (- (16 / 25) * t) <= 1)
      by (rewrite <- exp_0; destruct (Req_dec t 0) as [->|];
          [rewrite Rmult_0_r|apply Rlt_le, exp_increasing]; lra). nra. }
  split; [split|].
  - intros r _ k t _ _. unfold w. destruct k as [|k]; [now apply continuity_pt_const|].
    apply derivable_continuous_pt. eexists. apply slope.
  - apply always. intros t inside. destruct (within t ltac:(lra)) as [low high]. split.
    + intros i r near_i near_r. replace r with 0%nat by lia.
      destruct i as [|[|i]]; [rewrite first_input|rewrite second_input, value|lia]; unfold p.
      * split; [lra|]. unfold w. now intros [].
      * split; [lra|]. unfold ind_ge. destruct (Rle_dec _ _); [easy|lra].
    + apply flow_in_numbers. unfold speed0, speed1. rewrite value, (relu_pos (u t)) by easy.
      split; (eapply derivative_eq; [apply derivable_pt_lim_const || apply slope|]);
        unfold w, p; rewrite ?relu_neg by lra; field.
  - intros t pos. rewrite second_output_pos, value; [easy|]. rewrite value. now apply within.
Qed.

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

Lemma early0_zero : exists tau, 0 < tau /\ early0 tau = 0.
Proof.
  destruct (IVT_cor early0 0 1) as (tau & inside & zero).
  - intros t. apply derivable_continuous_pt. eexists. apply (early_derivatives t).
  - lra.
  - assert (start : early0 0 = 1 / 2) by (unfold early0; rewrite !Rmult_0_r, exp_0; field).
    enough (early0 1 <= 0) by (rewrite start; nra). unfold early0.
    pose proof (exp_increasing (- (8 / 5) * 1) (- (2 / 5) * 1) ltac:(lra)).
    assert (exp (- (2 / 5) * 1) < 5 / 7).
    { replace (- (2 / 5) * 1) with (- (2 / 5)) by ring. rewrite exp_Ropp.
      replace (5 / 7) with (/ (7 / 5)) by field. apply Rinv_lt_contravar.
      - apply Rmult_lt_0_compat; [lra|apply exp_pos].
      - pose proof (exp_ineq1 (2 / 5) ltac:(lra)). lra. }
    lra.
  - exists tau. split; [|easy]. destruct (Req_dec tau 0) as [->|]; [|lra].
    exfalso. unfold early0 in zero. rewrite !Rmult_0_r, exp_0 in zero. lra.
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

(* prop:must-slide is not empty: there is a sliding flow from w(0), for all time. *)
Theorem flow_from_start : exists w p, starts w
  /\ forall T, slides 2 1 2 T w p ones two_inputs two_targets.
Proof.
  destruct early0_zero as (tau & pos & reached).
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
    split.
    + intros i r near_i near_r. replace r with 0%nat by lia.
      destruct i as [|[|i]]; [rewrite first_input|rewrite second_input|lia];
        unfold p, ind_ge; destruct (Rlt_dec t tau) as [early|after];
        try (pose proof (late t ltac:(lra))); split; try lra; intros other;
        try destruct (Rle_dec _ _); lra.
    + apply flow_in_numbers. destruct slopes as [slope0 slope1].
      split; [apply (derivative_eq _ _ _ _ slope0)|apply (derivative_eq _ _ _ _ slope1)];
        unfold speed0, speed1, p; destruct (Rlt_dec t tau); destruct values as (at0 & values);
        rewrite !relu_pos by lra; unfold early0 in values; rewrite ?at0; lra.
Qed.
