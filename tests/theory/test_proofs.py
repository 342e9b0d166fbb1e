"""The files of proofs/ compile, assume what the reals assume, and no wrong variant of them does.

A mutant replaces one piece of a statement.  It must stop Coq in the script of a named theorem, and,
so that it fails for the statement's sake and not the script's, its negation is proved as well.
"""

import argparse
import dataclasses
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import files
from publishing import check_proofs, coq_source
from publishing.coq_source import open_words, statements, without_comments

ROOT = Path(__file__).resolve().parents[2]
SOURCES = {path.stem: (ROOT / path).read_text(encoding="utf-8") for path in coq_source.FILES}
needs_coq = pytest.mark.skipif(not shutil.which("coqc"), reason="coqc is not installed")

# ---------------------------------------------------------------- the source, without Coq


@pytest.mark.parametrize(
    ("source", "blanked"),
    [
        ("a (* b *) c", "a         c"),
        ("a (* b (* c *) d *) e", "a                   e"),
        ("a (* b\nc *) d", "a     \n     d"),
        ('a (* "*)" b *) c', "a              c"),
        ('a "(*" b', 'a "(*" b'),
        ('a "say ""(*""" b', 'a "say ""(*""" b'),
        ("a (**) b", "a      b"),
        ("a (*) b *) c", "a          c"),
    ],
)
def test_comments_are_blanked_in_place(source, blanked):
    assert without_comments(source) == blanked


def test_strings_are_blanked_on_request():
    assert without_comments('a "(* b" c (* "d" *)', strings=False) == "a        c          "


@pytest.mark.parametrize("source", ["a (* b", "a (* (* b *)", 'a (* "*)"'])
def test_open_comment_is_an_error(source):
    with pytest.raises(ValueError, match="not closed"):
        without_comments(source)


def test_close_without_open_is_an_error_with_its_line():
    with pytest.raises(ValueError, match="line 2"):
        without_comments("a\nb *) c")


def test_statement_of_several_lines_ends_before_its_script():
    source = (
        "(* Theorem no : 0 = 1. *)\n\n"
        "Theorem sum_le' : forall f, (* of one variable *)\n\n"
        "  f 0.5 <= f.(field) ->\n"
        "  f 0 <= 1. Proof. easy. Qed.\n"
        'Notation "Lemma no : 0." := 1.\n'
        "  #[local] Lemma α_2 : 1 = 1. Proof. easy. Qed.\n"
        "Definition two := 2.\n"
    )
    text = "Theorem sum_le' : forall f,\n  f 0.5 <= f.(field) ->\n  f 0 <= 1."
    assert statements(source) == [
        ("Theorem", "sum_le'", text, 3),
        ("Lemma", "α_2", "#[local] Lemma α_2 : 1 = 1.", 8),
    ]
    (definition,) = statements(source, coq_source.DEFINITIONS)
    assert definition == ("Definition", "two", "Definition two := 2.", 9)


@pytest.mark.parametrize("word", coq_source.OPEN)
def test_open_words_are_found_with_their_line(word):
    source = f"Lemma a : 1 = 1.\nProof. {word}. Qed."
    assert open_words(source) == [(word, 2)]


@pytest.mark.parametrize(
    "source",
    [
        "(* Admitted *) Qed.",
        "(* (* a *) Axiom *)",
        'Notation "admit" := 1.',
        "Lemma admitted : 1 = 1.",
        "Lemma Axiom' : 1 = 1.",
        "Lemma no_admit : 1 = 1.",
    ],
)
def test_other_words_are_not(source):
    assert open_words(source) == []


def test_printed_assumptions_are_one_list_a_theorem():
    output = (
        "Axioms:\nA.b\n  : forall P : Prop,\n    P\nC.d' : forall Q, Q\n"
        "Closed under the global context\nAxioms:\nA.b : Prop\n"
    )
    assert coq_source.assumptions(output) == [["A.b", "C.d'"], [], ["A.b"]]


@pytest.mark.parametrize(
    ("output", "found"),
    [
        ('File "./a.v", line 3, characters 0-6:\nError: No proof.\n\n', (3, "No proof.")),
        (
            'File "./a.v", line 30, characters 2-6:\nError:\nIn environment\nn, m : nat\n'
            "f : nat ->\n    nat\nThe term n has\ntype nat.\n\n",
            (30, "The term n has type nat."),
        ),
        (
            'File "./a.v", line 1, characters 0-6:\nWarning: old\nFile "./a.v", line 2, '
            "characters 1-2:\nError: bad\n",
            (2, "bad"),
        ),
        ("Error: There are pending proofs: a.\n", (None, "There are pending proofs: a.")),
        ("Killed\n", (None, "coqc failed without a message")),
    ],
)
def test_error_is_one_line(output, found):
    assert coq_source.error(output) == found


# ---------------------------------------------------------------- the script

GOOD = "Theorem one : 1 = 1.\nProof. reflexivity. Qed.\n"
BROKEN = "Theorem one : 1 = 1.\nProof. reflexivity. Qed.\nLemma two : 1 = 2.\nProof. easy. Qed.\n"
EXTRA = (
    "From Coq Require Import ProofIrrelevance.\n"
    "Theorem same : forall (P : Prop) (p q : P), p = q.\nProof. exact proof_irrelevance. Qed.\n"
)
ADMITTED = "Lemma one : 1 = 2.\nAdmitted.\n"


def check(folder, *texts):
    """The rows for sources, which stand in a folder in which nothing else may appear."""
    proofs = folder / "proofs"
    proofs.mkdir()
    sources = [proofs / name for name in ("answers.v", "more.v")[: len(texts)]]
    for source, text in zip(sources, texts, strict=True):
        source.write_text(text, encoding="utf-8")
    arguments = argparse.Namespace(sources=sources, output=folder / "proofs.csv")
    try:
        check_proofs.main(arguments)
    finally:
        assert sorted(proofs.iterdir()) == sources
    return files.read_csv(arguments.output)


ROW = {"theorem": "answers.one", "kind": "Theorem", "line": 1}


@needs_coq
def test_rows_of_a_good_source(tmp_path):
    assert check(tmp_path, GOOD) == [ROW]


@needs_coq
def test_a_source_may_import_those_before_it(tmp_path):
    more = "Require Import answers.\nLemma two : 1 = 1.\nProof. exact one. Qed.\n"
    row = {"theorem": "more.two", "kind": "Lemma", "line": 2}
    assert check(tmp_path, GOOD, more) == [ROW, row]


@needs_coq
def test_the_second_source_is_checked_too(tmp_path):
    with pytest.raises(ValueError, match=r"\Amore\.v, line 4: "):
        check(tmp_path, GOOD, BROKEN)


@needs_coq
@pytest.mark.parametrize(
    ("source", "said"),
    [
        (BROKEN, r"answers\.v, line 4: .*\S"),
        (GOOD + EXTRA, r"answers\.same assumes \S*\bproof_irrelevance, "),
        (GOOD + "Lemma two : 1 = 1.\nProof.\n", r"answers\.v: There are pending proofs.*two"),
        (GOOD + "Module M.\n", r"answers\.v: .*M"),
    ],
)
def test_bad_source_is_refused_in_one_line(tmp_path, source, said):
    with pytest.raises(ValueError, match=rf"\A{said}[^\n]*\Z"):
        check(tmp_path, source)
    assert not (tmp_path / "proofs.csv").exists()


@pytest.mark.parametrize("source", [ADMITTED, GOOD + "Axiom two : 1 = 2.\n"])
def test_open_proof_is_refused_without_coq(tmp_path, monkeypatch, source):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ValueError, match=r"answers\.v, line \d: (Admitted|Axiom) leaves"):
        check(tmp_path, source)


def test_source_without_theorems_is_refused(tmp_path):
    with pytest.raises(ValueError, match="states no theorem"):
        check(tmp_path, "(* Theorem one : 1 = 1. *)")


def test_missing_coq_is_one_line_that_says_what_to_install(tmp_path):
    line = ["check_proofs", "--output", tmp_path / "proofs.csv"]
    done = subprocess.run(
        [sys.executable, ROOT / "code/publish.py", *line],
        cwd=ROOT,
        env=os.environ | {"PATH": ""},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stderr == (
        "check_proofs.py: coqc was not found; install it with: sudo apt-get install coq\n"
    )


# ---------------------------------------------------------------- the proofs and their mutants


# Where each statement and definition stands, and its text.
FILES, TEXTS = {}, {}
for stem, source in SOURCES.items():
    for found in statements(source, (*coq_source.THEOREMS, *coq_source.DEFINITIONS)):
        FILES[found.name], TEXTS[found.name] = stem, found.text
SCRIPT = re.compile(r"^Proof\..*?Qed\.", re.MULTILINE | re.DOTALL)


@dataclasses.dataclass
class Mutant:
    """`old`, which occurs once in the statement or definition called `where`, becomes `new`.

    The script of the theorem `breaks` must then fail; `refutation` proves its negation.
    """

    name: str
    where: str
    old: str
    new: str
    refutation: str
    breaks: str = ""

    def __post_init__(self):
        self.breaks = self.breaks or self.where

    def text(self, name):
        """The statement or definition called `name`, changed if it is `where`."""
        if name != self.where:
            return TEXTS[name]
        assert TEXTS[name].count(self.old) == 1
        return TEXTS[name].replace(self.old, self.new)


# What the refutations share: dimension 1, the unit vector `one`, a network of w = x = 1 and a = 0
# with the target y = 1, and two sliding flows of one weight.
LIBRARY = r"""
Definition one : nat -> R := fun _ => 1.
Definition all_one : nat -> nat -> R := fun _ => one.
Definition zero : nat -> R := fun _ => 0.
Lemma inner_1 : forall v w, inner 1 v w = v 0%nat * w 0%nat.
Proof. intros. unfold inner. simpl. ring. Qed.
Lemma inner_one : forall i j, inner 1 (all_one i) (all_one j) = 1.
Proof. intros. rewrite inner_1. apply Rmult_1_l. Qed.
Lemma norm_1 : forall v, norm 1 v = Rabs (v 0%nat).
Proof. intros. unfold norm. rewrite inner_1. apply sqrt_Rsqr_abs. Qed.
Lemma unit : norm 1 one = 1.
Proof. rewrite norm_1. apply Rabs_R1. Qed.
Lemma root_4 : sqrt (INR 4) = 2.
Proof. replace (INR 4) with (2 * 2) by (simpl; ring). apply sqrt_square. lra. Qed.
Lemma relu_1 : relu 1 = 1.
Proof. apply Rmax_left. lra. Qed.
Lemma ind_ge_1 : ind_ge 1 = 1.
Proof. unfold ind_ge. destruct (Rle_dec 0 1); lra. Qed.
Ltac values H := unfold output in H; cbn [sum] in H;
  rewrite ?inner_one, ?relu_1, ?ind_ge_1, ?root_4, ?sqrt_1 in H; unfold one, zero in H.
(* Two intervals for one event, of which only one contains z. *)
Ltac intervals true z := intros wrong; pose proof (true 1%nat one (fun _ => z) 1 unit) as right;
  rewrite (wrong 1%nat one (fun _ => z) 1 unit), inner_1 in right; unfold one in right; lra.
(* Two values for one derivative of the network. *)
Lemma output_slopes : forall m v, (0 < m)%nat -> derivable_pt_lim
  (fun s => output 1 m all_one (update zero 0 s) one) (zero 0%nat) v -> v = 1 / sqrt (INR m).
Proof.
  intros m v pos slope. rewrite (uniqueness_limite _ _ _ _ slope
    (output_derivative 1 m all_one zero one 0 pos)).
  change (inner 1 (all_one 0%nat) one) with (inner 1 (all_one 0%nat) (all_one 0%nat)).
  rewrite inner_one, relu_1. ring.
Qed.
Lemma loss_slope : derivable_pt_lim
  (fun s => loss 1 1 1 all_one (update zero 0 s) all_one one) (zero 0%nat) (- 1).
Proof.
  eapply derivative_eq; [apply loss_derivative; lia|]. unfold output, zero. cbn [sum INR].
  rewrite inner_one, relu_1, sqrt_1. unfold one. field.
Qed.
(* Two values for the sum on the left of equation (i), with m units. *)
Lemma sums_of_equation_i : forall m v, (forall du da,
  (forall r, (r < m)%nat -> derivable_pt_lim
    (fun s => output 1 m all_one (update zero r s) (all_one 0%nat)) (zero r) (du r)) ->
  (forall r, (r < m)%nat -> derivable_pt_lim
    (fun s => loss 1 m 1 all_one (update zero r s) all_one one) (zero r) (- da r)) ->
  \sum_(r < m) du r * da r = v) -> v = INR m / INR m.
Proof.
  intros m v equal.
  assert (no_output : output 1 m all_one zero (all_one 0%nat) = 0)
    by (unfold output; rewrite sum_0; [ring|intros; unfold zero; ring]).
  pose (du := fun r : nat => 1 / sqrt (INR m) * relu (inner 1 (all_one r) (all_one 0%nat))).
  pose (da := fun r : nat => - (1 / sqrt (INR m) * (\sum_(j < 1)
    (output 1 m all_one zero (all_one j) - one j) * relu (inner 1 (all_one r) (all_one j))))).
  assert (is_du : forall r, (r < m)%nat -> derivable_pt_lim
    (fun s => output 1 m all_one (update zero r s) (all_one 0%nat)) (zero r) (du r))
    by (intros; now apply output_derivative).
  assert (is_da : forall r, (r < m)%nat -> derivable_pt_lim
    (fun s => loss 1 m 1 all_one (update zero r s) all_one one) (zero r) (- da r))
    by (intros; unfold da; rewrite Ropp_involutive; now apply loss_derivative).
  rewrite <- (equal du da is_du is_da), (equation_i _ _ _ _ _ _ _ _ du da is_du is_da).
  cbn [sum]. rewrite no_output. unfold GG, one.
  rewrite (sum_ext m _ (fun _ => 1)), sum_const by (intros; rewrite inner_one, relu_1; ring).
  unfold Rdiv. ring.
Qed.
(* A residual that decays as exp (- t), exactly. *)
Definition target : nat -> R := one.
Definition decaying : R -> nat -> R := fun t _ => 1 - exp (- (2) * t / 2).
Definition kernel : R -> nat -> nat -> R := fun _ _ _ => 2 / 2.
Lemma decaying_length : forall t, norm 1 (diff target (decaying t)) = exp (- t).
Proof.
  intros t. destruct (decay_norm_sharp 2) as (_ & _ & start & length).
  transitivity (exp (- (2) * t / 2) * 1); [now rewrite <- start, <- length|].
  rewrite Rmult_1_r. f_equal. field.
Qed.
Lemma decays : forall t, driven_by 1 kernel decaying target t.
Proof. intros t i near. replace i with 0%nat by lia. apply (decay_norm_sharp 2). Qed.
Lemma decays_continuously : forall T, continuous_on 1 T decaying.
Proof. intros T i t near _. apply derivable_continuous_pt. eexists. now apply decays. Qed.
Lemma kernel_form : forall (z : nat -> R) t, norm 1 z ^ 2 = quadratic 1 (kernel t) z.
Proof. intros. rewrite norm_squared. unfold quadratic, mul_vec, kernel, inner. simpl. field. Qed.
(* Too fast a decay at t = 1. *)
Ltac too_fast wrong lambda0 := specialize (wrong 1%nat 2 lambda0 kernel decaying target);
  assert (fast := wrong (decays_continuously 2) (always 2 _ (fun t _ => decays t))
    ltac:(apply always; intros t _ z; rewrite <- kernel_form; pose proof (pow2_ge_0 (norm 1 z));
      lra) 1 ltac:(lra));
  rewrite !decaying_length, ?Ropp_0, ?exp_0 in fast.
Lemma units_1 : forall i : nat, (i < 1)%nat -> norm 1 (all_one i) = 1.
Proof. intros. apply unit. Qed.
Lemma bound_1 : operator_bound 1 1 all_one 1.
Proof.
  split; [lra|]. intros v. rewrite !norm_1. cbn [sum]. unfold all_one, one.
  rewrite Rplus_0_l, Rmult_1_r. lra.
Qed.
(* One sample x, one unit of weight w with a = 1. *)
Definition weight (w : R) : nat -> nat -> R := fun _ _ => w.
Lemma residual_1 : forall w x y, residual 1 1 w one x y 0%nat
  = y 0%nat - relu (w 0%nat 0%nat * x 0%nat 0%nat).
Proof.
  intros. unfold residual, diff, output, one. cbn [sum INR]. rewrite sqrt_1, inner_1. field.
Qed.
Lemma moves_1 : forall w p x y t, moves_with 1 1 1 w p one x y t <->
  derivable_pt_lim (fun s => w s 0%nat 0%nat) t
    ((y 0%nat - relu (w t 0%nat 0%nat * x 0%nat 0%nat)) * p 0%nat 0%nat * x 0%nat 0%nat).
Proof.
  intros w p x y t. rewrite <- residual_1.
  assert (velocity_1 : velocity 1 1 1 p one x (residual 1 1 (w t) one x y) 0%nat 0%nat
    = residual 1 1 (w t) one x y 0%nat * p 0%nat 0%nat * x 0%nat 0%nat)
    by (unfold velocity, one; cbn [sum INR]; rewrite sqrt_1; field).
  split; [intros moves; rewrite <- velocity_1; apply moves; lia|].
  intros slope r k near near'. replace r with 0%nat by lia. replace k with 0%nat by lia.
  now rewrite velocity_1.
Qed.
Lemma off_kinks_1 : forall w p x, off_kinks 1 1 1 w x p <->
  (w 0%nat 0%nat * x 0%nat 0%nat <> 0 -> p 0%nat 0%nat = ind_ge (w 0%nat 0%nat * x 0%nat 0%nat)).
Proof.
  intros w p x. rewrite <- inner_1. split; [intros off; apply off; lia|].
  intros off i r near near'. replace i with 0%nat by lia. now replace r with 0%nat by lia.
Qed.
Lemma fractions_1 : forall p, 0 <= p 0%nat 0%nat <= 1 -> fractions 1 1 p.
Proof.
  intros p range i r near near'. replace i with 0%nat by lia. now replace r with 0%nat by lia.
Qed.
Lemma hp_1 : forall p x v,
  quadratic 1 (HP 1 1 p x) v = (x 0%nat 0%nat * p 0%nat 0%nat * v 0%nat) ^ 2.
Proof.
  intros. unfold quadratic, mul_vec, HP. rewrite inner_1. cbn [sum INR]. rewrite inner_1. field.
Qed.
Lemma admissible_1 : forall rho w x q, admissible 1 1 1 rho w x q ->
  rho * norm 1 (x 0%nat) < Rabs (w 0%nat 0%nat * x 0%nat 0%nat) ->
  q 0%nat 0%nat = ind_ge (w 0%nat 0%nat * x 0%nat 0%nat).
Proof. intros rho w x q fits. rewrite <- inner_1. apply fits; lia. Qed.
Ltac continuous_1 := let r := fresh in let k := fresh in
  intros r _ k ? _ _; apply derivable_continuous_pt.
(* The weight moves from 3 towards 3 + 1/c, off the kink; the residual is exp (- c^2 t). *)
Definition ahead (c t : R) : nat -> nat -> R := weight (3 + (1 - exp (- (c * c) * t)) / c).
Definition input (c : R) : nat -> nat -> R := weight c.
Definition above (c : R) : nat -> R := fun _ => 3 * c + 1.
Lemma exp_at_most_1 : forall s, 0 <= s -> exp (- s) <= 1.
Proof.
  intros s pos. rewrite <- exp_0. destruct (Req_dec s 0) as [->|]; [rewrite Ropp_0; lra|].
  apply Rlt_le, exp_increasing. lra.
Qed.
Lemma ahead_pos : forall c t, 0 < c -> 0 <= t -> 3 <= ahead c t 0%nat 0%nat.
Proof.
  intros c t pos nonneg. pose proof (exp_at_most_1 (c * c * t) ltac:(nra)) as small.
  rewrite Ropp_mult_distr_l in small. unfold ahead, weight.
  pose proof (ratio_nonneg (1 - exp (- (c * c) * t)) c ltac:(lra) pos). lra.
Qed.
Lemma ahead_output : forall c t, 0 < c -> 0 <= t ->
  relu (ahead c t 0%nat 0%nat * input c 0%nat 0%nat) = 3 * c + 1 - exp (- (c * c) * t).
Proof.
  intros c t pos nonneg. pose proof (ahead_pos c t pos nonneg).
  rewrite relu_pos by (unfold input, weight; nra). unfold ahead, input, weight. field. lra.
Qed.
Lemma ahead_slides : forall c T, 0 < c ->
  slides 1 1 1 T (ahead c) (fun _ => all_one) one (input c) (above c).
Proof.
  intros c T pos.
  assert (slope : forall t, derivable_pt_lim (fun s => ahead c s 0%nat 0%nat) t
    (exp (- (c * c) * t) * c)).
  { intros t. eapply derivative_eq.
    - apply (derivable_pt_lim_plus (fun _ => 3)); [apply derivable_pt_lim_const|].
      apply (derivable_pt_lim_scal_right (fun s => 1 - exp (- (c * c) * s))).
      apply (derivable_pt_lim_minus (fun _ => 1)); [apply derivable_pt_lim_const|].
      apply exp_linear_derivative.
    - field. lra. }
  split.
  - continuous_1. eexists. apply slope.
  - apply always. intros t inside. pose proof (ahead_pos c t pos ltac:(lra)).
    split; [apply fractions_1; unfold all_one, one; lra|]. split.
    + apply off_kinks_1. unfold ind_ge, input, weight, all_one, one. destruct (Rle_dec _ _); nra.
    + apply moves_1. rewrite ahead_output by lra. apply (derivative_eq _ _ _ _ (slope t)).
      unfold above, input, weight, all_one, one. ring.
Qed.
Lemma ahead_residual : forall c t, 0 < c -> 0 <= t ->
  norm 1 (residual 1 1 (ahead c t) one (input c) (above c)) = exp (- (c * c) * t).
Proof.
  intros c t pos nonneg. rewrite norm_1, residual_1, ahead_output by easy. unfold above.
  replace (_ - _) with (exp (- (c * c) * t)) by ring. apply Rabs_right, Rle_ge, Rlt_le, exp_pos.
Qed.
Lemma ahead_start : forall c, 0 < c ->
  norm 1 (residual 1 1 (ahead c 0) one (input c) (above c)) = 1.
Proof. intros c pos. rewrite ahead_residual, Rmult_0_r by lra. apply exp_0. Qed.
Lemma ahead_moved : forall c t, 0 < c -> 0 <= t ->
  norm 1 (diff (ahead c t 0%nat) (ahead c 0 0%nat)) = (1 - exp (- (c * c) * t)) / c.
Proof.
  intros c t pos nonneg. rewrite norm_1. unfold diff.
  pose proof (ahead_pos c t pos nonneg). unfold ahead, weight in *. rewrite Rmult_0_r, exp_0.
  rewrite Rabs_right; unfold Rdiv in *; lra.
Qed.
Lemma input_length : forall c, 0 < c -> norm 1 (input c 0%nat) = c.
Proof. intros c pos. rewrite norm_1. apply Rabs_right. unfold input, weight. lra. Qed.
Lemma input_bound : forall c, 0 < c -> operator_bound 1 1 (input c) c.
Proof.
  intros c pos. split; [lra|]. intros v. rewrite !norm_1. cbn [sum]. unfold input, weight.
  rewrite Rplus_0_l, Rabs_mult, (Rabs_right c) by lra. lra.
Qed.
Lemma ahead_coercive : forall c rho q, 0 < c -> rho < 3 ->
  admissible 1 1 1 rho (ahead c 0) (input c) q -> coercive 1 (c * c) (HP 1 1 q (input c)).
Proof.
  intros c rho q pos far fits v. rewrite hp_1, norm_squared, inner_1.
  assert (value : ahead c 0 0%nat 0%nat * input c 0%nat 0%nat = 3 * c)
    by (unfold ahead, input, weight; rewrite Rmult_0_r, exp_0; field; lra).
  rewrite (admissible_1 _ _ _ _ fits); rewrite value;
    [|rewrite input_length, Rabs_right by lra; nra].
  unfold ind_ge, input, weight. destruct (Rle_dec _ _); [|lra]. lra.
Qed.
(* prop:no-solution continued: the weight falls from 1 to 0 and rests there. *)
Definition falling (t : R) : R := 2 * exp (- (1) * t) - 1.
Definition resting (t : R) : nat -> nat -> R := weight (relu (falling t)).
Definition sinking : R -> nat -> nat -> R := fun t => weight (ind_ge (falling t)).
Definition under : nat -> R := fun _ => -1.
Lemma resting_start : resting 0 = all_one.
Proof.
  unfold resting, weight, falling. rewrite Rmult_0_r, exp_0, relu_pos by lra.
  unfold all_one, one. do 2 (apply functional_extensionality; intros). ring.
Qed.
Lemma relu_relu : forall z, relu (relu z * 1) = relu z.
Proof. intros z. rewrite Rmult_1_r. apply relu_pos, relu_nonneg. Qed.
Lemma resting_slides : forall T, slides 1 1 1 T resting sinking one all_one under.
Proof.
  intros T.
  assert (slope : forall t, derivable_pt_lim falling t (-2 * exp (- (1) * t))).
  { intros t. eapply derivative_eq;
      [apply (derivable_pt_lim_minus (fun s => 2 * exp (- (1) * s)))|].
    - apply (derivable_pt_lim_scal (fun s => exp (- (1) * s))), exp_linear_derivative.
    - apply derivable_pt_lim_const.
    - ring. }
  split.
  - intros r _ k t _ _. unfold resting, weight.
    apply (continuity_pt_comp falling relu); [|apply relu_continuity].
    apply derivable_continuous_pt. eexists. apply slope.
  - exists (fun _ => ln 2). intros t _ away.
    assert (other : falling t <> 0).
    { intros equal. apply (away 0%nat). apply exp_inv. rewrite exp_ln by lra.
      unfold falling in equal. replace (- (1) * t) with (- t) in equal by ring.
      rewrite exp_Ropp in equal. pose proof (exp_pos t). apply Rmult_eq_reg_r with (/ exp t);
        [|apply Rinv_neq_0_compat; lra]. rewrite Rinv_r by lra. lra. }
    split; [apply fractions_1; unfold sinking, weight, ind_ge; destruct (Rle_dec _ _); lra|]. split.
    + apply off_kinks_1. unfold resting, sinking, weight, all_one, one. rewrite Rmult_1_r.
      unfold ind_ge. intros nonzero. destruct (Rle_dec 0 (falling t)); destruct (Rle_dec _ _);
        try easy; [destruct n; apply relu_nonneg|].
      rewrite relu_neg in nonzero; lra.
    + apply moves_1. unfold resting, sinking, weight, all_one, one, under. rewrite relu_relu.
      eapply derivative_eq; [apply (chain_rule falling), or_introl; [apply slope|easy]|].
      unfold ind_ge. destruct (Rle_dec _ _); [rewrite relu_pos by easy; unfold falling|]; ring.
Qed.
Lemma resting_residual : forall t,
  norm 1 (residual 1 1 (resting t) one all_one under) = 1 + relu (falling t).
Proof.
  intros t. rewrite norm_1, residual_1. unfold resting, weight, under, all_one, one.
  rewrite relu_relu, Rabs_left1; pose proof (relu_nonneg (falling t)); lra.
Qed.
Lemma resting_loss : 
  norm 1 (residual 1 1 (resting 0) one all_one under) = 2
  /\ forall t, 1 <= norm 1 (residual 1 1 (resting t) one all_one under).
Proof.
  split; [|intros t; rewrite resting_residual; pose proof (relu_nonneg (falling t)); lra].
  rewrite resting_residual. unfold falling. rewrite Rmult_0_r, exp_0, relu_pos; lra.
Qed.
Lemma resting_coercive : forall rho q, rho < 1 ->
  admissible 1 1 1 rho (resting 0) all_one q -> coercive 1 1 (HP 1 1 q all_one).
Proof.
  intros rho q far fits v. rewrite resting_start in fits. rewrite hp_1, norm_squared, inner_1.
  rewrite (admissible_1 _ _ _ _ fits); [|rewrite (units_1 0%nat)]; unfold all_one, one;
    [rewrite Rmult_1_r, ind_ge_1|rewrite !Rmult_1_r, Rabs_R1|lia]; lra.
Qed.
(* exp (- s) < 1 / 2 *)
Lemma exp_small : forall s, 1 <= s -> exp (- s) < 1 / 2.
Proof.
  intros s large. rewrite exp_Ropp. pose proof (exp_ineq1 s ltac:(lra)).
  replace (1 / 2) with (/ 2) by field. apply Rinv_lt_contravar; lra.
Qed.
Lemma relu_corner : ~ derivable_pt_lim relu 0 1.
Proof.
  intros slope. destruct (slope (1 / 2) ltac:(lra)) as [delta close]. pose proof (cond_pos delta).
  specialize (close (- delta / 2) ltac:(lra) ltac:(unfold Rabs; destruct (Rcase_abs _); lra)).
  rewrite !relu_neg in close by lra. unfold Rdiv, Rabs in close. destruct (Rcase_abs _); lra.
Qed.
Lemma output_1 : forall w x, output 1 1 w one x = relu (w 0%nat 0%nat * x 0%nat).
Proof. intros. unfold output, one. cbn [sum INR]. rewrite sqrt_1, inner_1. field. Qed.
Lemma flow_1 : forall p x e,
  mul_vec 1 (HP 1 1 p x) e 0%nat = (x 0%nat 0%nat * p 0%nat 0%nat) ^ 2 * e 0%nat.
Proof. intros. unfold mul_vec, HP. cbn [sum INR]. rewrite inner_1. field. Qed.
Lemma signs_1 : forall r : nat, (r < 1)%nat -> one r = 1 \/ one r = -1.
Proof. intros. now left. Qed.
Ltac plain H := cbv beta zeta in H; change (INR 1) with 1 in H; rewrite ?sqrt_1 in H.
(* Nothing in the mask, and a flow that stops: the conclusion fails at t = 1. *)
Ltac resting_a_posteriori wrong start rest :=
  specialize (wrong (fun _ => 0%nat) (fun _ => all_one) resting sinking one all_one under);
  plain wrong; rewrite start in wrong;
  enough (fast : exp (- (1) * 1) * 2 >= 1);
  [pose proof (exp_small 1 ltac:(lra)); replace (- (1) * 1) with (- (1)) in fast by ring; lra
  |apply Rle_ge, Rle_trans with (1 := rest 1); apply wrong; try lra;
    try apply bound_1; try apply signs_1; try apply resting_slides];
  [|intros r near; split; [intros l h; lia|easy]
  |intros v; unfold quadratic, mul_vec, HS, masked; rewrite norm_squared, !inner_1;
    cbn [sum INR]; unfold pattern, project, diff; rewrite resting_start, inner_one, ind_ge_1,
    inner_1; cbn [sum]; unfold all_one, one; lra].
(* One unit near its kink, and a flow that stops: the conclusion fails at t. *)
Ltac resting_a_priori rho lambda0 t := intros wrong; destruct resting_loss as [start rest];
  assert (near : near_kink 1 rho (resting 0) all_one 0 0 = true)
    by (rewrite resting_start; unfold near_kink; rewrite inner_one, Rabs_R1, (units_1 0%nat)
      by lia; destruct (Rle_dec _ _); [easy|lra]);
  specialize (wrong 1%nat 1%nat 1%nat t rho lambda0 resting sinking one all_one under);
  plain wrong; rewrite start in wrong; specialize (wrong units_1 signs_1 ltac:(lra));
  enough (fast : exp (- (lambda0 / 2) * t) * 2 >= 1);
  [pose proof (exp_small (lambda0 / 2 * t) ltac:(lra)) as small;
    rewrite Ropp_mult_distr_l in small; lra
  |apply Rle_ge, Rle_trans with (1 := rest t); apply wrong; try lra; try apply resting_slides];
  [intros v; unfold quadratic, mul_vec, HH; rewrite resting_start, norm_squared, !inner_1;
    cbn [sum INR]; rewrite inner_one, ind_ge_1; unfold one; lra
  |unfold near_share; cbn [sum INR orb]; rewrite near; simpl; lra].
"""
MUTANTS = [
    Mutant(
        "lower bound opened",
        "flip_iff_interval",
        "- radius <= inner d w0 x",
        "- radius < inner d w0 x",
        "intervals flip_iff_interval (-1).",
    ),
    Mutant(
        "upper bound closed",
        "flip_iff_interval",
        "inner d w0 x < radius)",
        "inner d w0 x <= radius)",
        "intervals flip_iff_interval 1.",
    ),
    Mutant(
        "unit length of x dropped",
        "flip_iff_interval",
        "norm d x = 1 ->",
        "",
        """intros wrong. destruct (wrong 1%nat (fun _ => 2) one (3 / 2)) as [inside _].
        rewrite inner_1 in inside. unfold one in inside. enough (1 * 2 < 3 / 2) by lra.
        apply inside. exists (fun _ => -1 / 2). rewrite norm_1, inner_1.
        unfold diff, ind_ge, Rabs. destruct (Rcase_abs _), (Rle_dec _ _), (Rle_dec _ _); lra.""",
    ),
    Mutant(
        "wrong pattern",
        "flip_iff_interval_gt",
        "ind_gt (inner d w0 x) <> ind_gt (inner d w x)",
        "ind_ge (inner d w0 x) <> ind_ge (inner d w x)",
        "intervals flip_iff_interval 1.",
    ),
    Mutant(
        "lower bound closed for the open ball",
        "flip_iff_interval_open",
        "- radius < inner d w0 x",
        "- radius <= inner d w0 x",
        "intervals flip_iff_interval_open (-1).",
    ),
    Mutant(
        "open ball closed",
        "flip_iff_interval_open_gt",
        "norm d (diff w w0) < radius",
        "norm d (diff w w0) <= radius",
        "intervals flip_iff_interval_gt 1.",
    ),
    Mutant(
        "strict bound without the exception at -R",
        "flip_necessary",
        "inner d w0 x <> - radius ->",
        "",
        """intros wrong. destruct (flip_counterexample 1 one 1 unit Rlt_0_1) as [event equal].
        destruct (wrong 1%nat one _ 1 unit event) as (_ & _ & strict). lra.""",
    ),
    Mutant(
        "R = 0 allowed",
        "flip_counterexample",
        "0 < radius",
        "0 <= radius",
        """intros wrong. destruct (wrong 1%nat one 0 unit (Rle_refl 0)) as [event _].
        apply (flip_iff_interval 1 _ _ 0 unit) in event. lra.""",
    ),
    Mutant(
        "unit length of x_i dropped",
        "inequality_one",
        "(forall i, (i < n)%nat -> norm d (x i) = 1) ->",
        "",
        """intros wrong.
        specialize (wrong 1%nat 1%nat 1%nat (fun _ _ => 2) one zero 1 one (or_introl eq_refl)).
        rewrite norm_1 in wrong. cbn [sum INR] in wrong. rewrite inner_1, sqrt_1 in wrong.
        unfold ind_ge, one, zero, Rabs in wrong. destruct (Rle_dec _ _); [|lra].
        repeat destruct (Rcase_abs _); lra.""",
    ),
    Mutant(
        "sqrt n missing",
        "inequality_two",
        "sqrt n * norm n z",
        "norm n z",
        """intros wrong. specialize (wrong 4%nat one). unfold norm, inner, one in wrong.
        rewrite !sum_const, Rmult_1_l, !Rmult_1_r, root_4, Rabs_R1 in wrong.
        simpl in wrong. lra.""",
    ),
    Mutant(
        "values in place of moduli",
        "inequality_two_equality",
        "Rabs (z i) = Rabs (z j)",
        "z i = z j",
        """intros wrong. destruct (inequality_two_equality 2 (fun i => 1 - 2 * INR i)) as [_ equal].
        destruct (wrong 2%nat (fun i => 1 - 2 * INR i)) as [same _].
        specialize (same (equal (fun i j near near' => ltac:(destruct i as [|[|]], j as [|[|]];
          try lia; simpl; unfold Rabs; repeat destruct (Rcase_abs _); lra))) 0%nat 1%nat).
        simpl in same. specialize (same ltac:(lia) ltac:(lia)). lra.""",
    ),
    Mutant(
        "sqrt n missing in the chain",
        "gradient_bound",
        "sqrt n / sqrt m",
        "1 / sqrt m",
        """intros wrong. specialize (wrong 1%nat 4%nat 1%nat all_one one zero 1 one
          (fun _ _ => unit) (or_introl eq_refl)).
        assert (length : norm 4 (diff one zero) = 2).
        { rewrite <- root_4. unfold norm. f_equal. simpl. unfold inner, diff, one, zero.
          simpl. ring. }
        rewrite norm_1, length in wrong. cbn [sum INR] in wrong.
        change one with (all_one 0%nat) in wrong. rewrite !inner_one, ind_ge_1, sqrt_1 in wrong.
        unfold all_one, one, zero, Rabs in wrong. destruct (Rcase_abs _); lra.""",
    ),
    Mutant(
        "crossing allowed",
        "chain_rule",
        "z t <> 0 \\/ l = 0 ->",
        "",
        """intros wrong. specialize (wrong id 0 1 (derivable_pt_lim_id 0)).
        destruct (wrong (1 / 2) ltac:(lra)) as [delta close]. pose proof (cond_pos delta).
        specialize (close (- delta / 2) ltac:(lra) ltac:(unfold Rabs; destruct (Rcase_abs _); lra)).
        unfold relu, id, ind_ge in close. rewrite !Rmax_right in close by lra.
        destruct (Rle_dec 0 0); [|lra]. unfold Rdiv, Rabs in close.
        destruct (Rcase_abs _); lra.""",
    ),
    Mutant(
        "m for sqrt m",
        "output_derivative",
        "(1 / sqrt m *",
        "(1 / m *",
        """intros wrong. specialize (wrong 1%nat 4%nat all_one zero one 0%nat ltac:(lia)).
        apply output_slopes in wrong; [|lia].
        change one with (all_one 0%nat) in wrong. rewrite inner_one, relu_1, root_4 in wrong.
        simpl in wrong. lra.""",
    ),
    Mutant(
        "sign of the residual flipped",
        "loss_derivative",
        "(output d m w a (x j) - y j)",
        "(y j - output d m w a (x j))",
        """intros wrong.
        specialize (wrong 1%nat 1%nat 1%nat all_one zero all_one one 0%nat ltac:(lia)).
        apply (uniqueness_limite _ _ _ _ loss_slope) in wrong. values wrong.
        simpl in wrong. rewrite sqrt_1 in wrong. lra.""",
    ),
    Mutant(
        "1/2 missing in the loss",
        "loss",
        "1 / 2 *",
        "1 *",
        """intros wrong.
        specialize (wrong 1%nat 1%nat 1%nat all_one zero all_one one 0%nat ltac:(lia)).
        apply (derivable_pt_lim_ext _ (fun s => 2 * answers.loss 1 1 1 all_one (update zero 0 s)
          all_one one)) in wrong; [|intros; unfold loss, answers.loss; field].
        apply (uniqueness_limite _ _ _ _ (derivable_pt_lim_scal _ 2 _ _ loss_slope)) in wrong.
        values wrong. simpl in wrong. rewrite sqrt_1 in wrong. lra.""",
        breaks="loss_derivative",
    ),
    Mutant(
        "sign flipped in equation (i)",
        "equation_i",
        "(y j - output d m w a (x j))",
        "(output d m w a (x j) - y j)",
        """intros wrong.
        pose proof (sums_of_equation_i 1 _ (wrong 1 1 1 all_one zero all_one one 0)%nat) as equal.
        unfold GG in equal. values equal. simpl in equal. rewrite sqrt_1 in equal. lra.""",
    ),
    Mutant(
        "sum over r missing in G",
        "GG",
        "(\\sum_(r < m) relu (inner d (w r) (x i)) * relu (inner d (w r) (x j)))",
        "(relu (inner d (w 0%nat) (x i)) * relu (inner d (w 0%nat) (x j)))",
        """intros wrong.
        pose proof (sums_of_equation_i 2 _ (wrong 1 2 1 all_one zero all_one one 0)%nat) as equal.
        unfold GG in equal. values equal. simpl in equal. lra.""",
        breaks="equation_i",
    ),
    Mutant(
        "a_r squared missing in H",
        "HH",
        "a r ^ 2 *",
        "1 *",
        """intros wrong. specialize (wrong 1 1 1 all_one (fun _ => 2) all_one zero 0)%nat.
        unfold mul_vec, HH, hidden_gradient, diff in wrong. values wrong. simpl in wrong.
        rewrite sqrt_1 in wrong. unfold all_one, one in wrong. lra.""",
        breaks="hidden_part",
    ),
    Mutant(
        "inequality (ii) reversed",
        "inequality_g",
        "<=",
        ">=",
        """intros wrong. specialize (wrong 1 1 1 all_one all_one (fun _ _ => 0) one)%nat.
        rewrite quadratic_add, g_sum_of_squares in wrong. values wrong.
        unfold quadratic, inner, mul_vec in wrong. simpl in wrong. lra.""",
    ),
    Mutant(
        "half of the dropped term",
        "dropped_term",
        "- (2 / m)",
        "- (1 / m)",
        """intros wrong. specialize (wrong 1 1 1 all_one zero all_one one (fun _ _ => 0) one)%nat.
        destruct wrong as [half whole].
        { intros r near. replace r with 0%nat by lia. apply loss_slope. }
        rewrite half, norm_squared in whole. unfold inner at 2, diff in whole. values whole.
        simpl in whole. lra.""",
    ),
    Mutant(
        "sign of the derivative flipped",
        "loss_flow_derivative",
        "(-2 * quadratic",
        "(2 * quadratic",
        """intros wrong.
        specialize (wrong 1%nat (kernel 0) decaying target 0 (decays 0)).
        apply (uniqueness_limite _ _ _ _ (loss_flow_derivative 1 (kernel 0) decaying target 0
          (decays 0))) in wrong.
        rewrite <- kernel_form, decaying_length, Ropp_0, exp_0 in wrong. lra.""",
    ),
    Mutant(
        "twice the exponent",
        "decay",
        "exp (- lambda0 * t)",
        "exp (- lambda0 * t * 2)",
        """intros wrong. too_fast wrong 2. rewrite exp_square, pow1, Rmult_1_r in fast.
        apply Rle_not_lt in fast. apply fast, exp_increasing. lra.""",
    ),
    Mutant(
        "the exponent as printed",
        "decay_norm",
        "exp (- lambda0 * t / 2)",
        "exp (- lambda0 * t)",
        """intros wrong. too_fast wrong 2. rewrite Rmult_1_r in fast.
        apply Rle_not_lt in fast. apply fast, exp_increasing. lra.""",
    ),
    Mutant(
        "half of the eigenvalue",
        "decay_norm",
        "coercive n (lambda0 / 2)",
        "coercive n (lambda0 / 4)",
        """intros wrong. too_fast wrong 4. rewrite Rmult_1_r in fast.
        apply Rle_not_lt in fast. apply fast, exp_increasing. lra.""",
    ),
    Mutant(
        "slope of either sign",
        "nonincreasing",
        "/\\ f' t <= 0",
        "",
        """intros wrong. specialize (wrong (fun _ => 0) id (fun _ => 1) 0 1 ltac:(lra)
          (fun t _ => derivable_continuous_pt id t (derivable_pt_id t))
          (fun t _ _ => derivable_pt_lim_id t)).
        unfold id in wrong. lra.""",
    ),
    Mutant(
        "uncountably many exceptional times",
        "almost_always",
        "kinks : nat -> R, forall t, 0 < t < T -> regular kinks t ->",
        "kinks : R -> Prop, forall t, 0 < t < T -> ~ kinks t ->",
        """intros wrong.
        assert (vacuous : forall P, almost_always 1 P) by (intros P; exists (fun _ => True); easy).
        specialize (wrong 1%nat 1 2 (fun _ _ _ => 0) (fun t _ => t) zero
          (fun i t _ _ => derivable_continuous_pt id t (derivable_pt_id t))
          (vacuous _) (vacuous _) 1 ltac:(lra)).
        rewrite !norm_squared, !inner_1 in wrong. unfold diff, zero in wrong.
        rewrite Rminus_eq_0, Rmult_0_r, Rmult_0_r in wrong. lra.""",
        breaks="decay",
    ),
    Mutant(
        "no flow",
        "one_layer_decay",
        "almost_always T (hidden_flow d m n w (fun _ => a) x y) ->",
        "",
        """intros wrong.
        assert (value : forall t, 0 <= t ->
          norm 1 (diff zero (fun j => output 1 1 (weight (1 + t)) one (all_one j))) = 1 + t).
        { intros t pos. rewrite norm_1. unfold diff, zero. rewrite output_1, relu_pos;
            unfold weight, all_one, one; [rewrite Rabs_left|]; lra. }
        specialize (wrong 1%nat 1%nat 1%nat 1 2 (fun t => weight (1 + t)) one all_one zero).
        cbv zeta beta in wrong. rewrite (value 0) in wrong by lra.
        enough (1 + 1 <= exp (- (2) * 1 / 2) * (1 + 0)).
        { pose proof (exp_at_most_1 1 ltac:(lra)).
          replace (- (2) * 1 / 2) with (- (1)) in * by field. lra. }
        rewrite <- (value 1) by lra. apply wrong; try lra.
        - intros i t near _. apply output_continuity. intros. unfold weight.
          apply derivable_continuous_pt. reg.
        - apply always. intros t inside z. unfold quadratic, mul_vec, HH.
          rewrite norm_squared, !inner_1. cbn [sum INR]. rewrite !inner_1.
          unfold weight, all_one, one, ind_ge. destruct (Rle_dec _ _); lra.""",
    ),
    Mutant(
        "crossing allowed in the flow",
        "sliding_output_flow",
        "no_crossing d m w (x i) t ->",
        "",
        """intros wrong. apply relu_corner.
        apply (derivable_pt_lim_ext (fun s => output 1 1 (weight s) one one)).
        { intros s. rewrite output_1. unfold weight, one. now rewrite Rmult_1_r. }
        eapply derivative_eq;
          [apply (wrong 1%nat 1%nat 1%nat weight all_one one all_one one 0 0%nat)|].
        - lia.
        - apply signs_1.
        - apply off_kinks_1. unfold weight. intros []. ring.
        - apply moves_1. unfold weight, all_one, one. rewrite Rmult_0_l, relu_neg by lra.
          apply (derivative_eq _ _ _ _ (derivable_pt_lim_id 0)). ring.
        - rewrite flow_1, residual_1. unfold weight, all_one, one.
          rewrite Rmult_0_l, relu_neg by lra. ring.""",
    ),
    Mutant(
        "fractions off the kinks",
        "off_kinks",
        "p i r = ind_ge (inner d (w r) (x i))",
        "True",
        """intros wrong.
        assert (slope : derivable_pt_lim (fun s => 1 + 1 / 2 * s) 0 (0 + 1 / 2 * 1)).
        { apply (derivable_pt_lim_plus (fun _ => 1)); [apply derivable_pt_lim_const|].
          apply (derivable_pt_lim_scal id), derivable_pt_lim_id. }
        set (w := fun s => weight (1 + 1 / 2 * s)).
        assert (half : derivable_pt_lim (fun s => output 1 1 (w s) one one) 0 (1 / 2)).
        { apply (derivable_pt_lim_ext (fun s => relu (1 + 1 / 2 * s))).
          - intros s. rewrite output_1. unfold w, weight, one. now rewrite Rmult_1_r.
          - eapply derivative_eq; [apply (chain_rule _ _ _ slope); lra|].
            unfold ind_ge. destruct (Rle_dec _ _); lra. }
        specialize (wrong 1%nat 1%nat 1%nat w (fun _ _ => 1 / 2) one all_one (fun _ => 2) 0 0%nat).
        apply (uniqueness_limite _ _ _ _ half) in wrong.
        - rewrite flow_1, residual_1 in wrong. unfold w, weight, all_one, one in wrong.
          rewrite Rmult_0_r, Rplus_0_r, Rmult_1_r, relu_pos in wrong by lra. lra.
        - lia.
        - apply signs_1.
        - easy.
        - apply moves_1. unfold w, weight, all_one, one.
          rewrite Rmult_0_r, Rplus_0_r, Rmult_1_r, relu_pos by lra.
          apply (derivative_eq _ _ _ _ slope). lra.
        - intros r near. left. unfold w, weight. rewrite inner_1. unfold all_one, one. lra.""",
        breaks="sliding_output_flow",
    ),
    Mutant(
        "one fraction missing in H^p",
        "HP",
        "p i r * p j r",
        "p i r",
        """intros wrong.
        specialize (wrong 1%nat 1%nat 1%nat (fun _ _ => 1 / 2) one all_one one 0%nat signs_1).
        unfold velocity, mul_vec, HP in wrong. cbn [sum INR] in wrong.
        rewrite sqrt_1, !inner_1 in wrong. unfold all_one, one in wrong. lra.""",
        breaks="velocity_kernel",
    ),
    Mutant(
        "fractions missing in the sum of squares",
        "hp_sum_of_squares",
        "v i * (p i r * x i k)",
        "v i * x i k",
        """intros wrong. specialize (wrong 1%nat 1%nat 1%nat (fun _ _ => 0) all_one one).
        rewrite hp_1 in wrong. cbn [sum INR] in wrong. rewrite norm_squared, inner_1 in wrong.
        unfold all_one, one in wrong. lra.""",
    ),
    Mutant(
        "twice the exponent along a sliding flow",
        "sliding_decay",
        "exp (- lambda * t)",
        "exp (- (2 * lambda) * t)",
        """intros wrong.
        specialize (wrong 1%nat 1%nat 1%nat 1 1 (ahead 1) (fun _ => all_one) one (input 1)
          (above 1)).
        assert (equal : almost_always 1 (fun t => coercive 1 1 (HP 1 1 all_one (input 1)))).
        { apply always. intros t _ v. rewrite hp_1, norm_squared, inner_1.
          unfold all_one, one, input, weight. lra. }
        plain wrong. rewrite ahead_start in wrong by lra.
        specialize (wrong signs_1 (ahead_slides 1 1 ltac:(lra)) equal 1 ltac:(lra)).
        rewrite ahead_residual in wrong by lra.
        pose proof (exp_increasing (- (2 * 1) * 1) (- (1 * 1) * 1) ltac:(lra)). lra.""",
    ),
    Mutant(
        "no lower bound on H^p",
        "sliding_decay",
        "almost_always T (fun t => coercive n lambda (HP d m (p t) x)) ->",
        "",
        """intros wrong. destruct resting_loss as [start rest].
        specialize (wrong 1%nat 1%nat 1%nat 1 1 resting sinking one all_one under).
        plain wrong. rewrite start in wrong.
        specialize (wrong signs_1 (resting_slides 1) 1 ltac:(lra)). specialize (rest 1).
        pose proof (exp_small 1 ltac:(lra)). replace (- (1) * 1) with (- (1)) in wrong by ring.
        lra.""",
    ),
    Mutant(
        "the flow may leave the ball",
        "continuation",
        "radius < rho ->",
        "",
        """intros wrong. destruct resting_loss as [start rest].
        specialize (wrong 1%nat 1%nat 1%nat 1 (1 / 2) 1 1 resting sinking one all_one under).
        specialize (wrong bound_1 signs_1 ltac:(lra)
          (fun q => resting_coercive (1 / 2) q ltac:(lra)) (resting_slides 1) 1 ltac:(lra)).
        destruct wrong as [_ fast]. rewrite start in fast. specialize (rest 1).
        pose proof (exp_small 1 ltac:(lra)). replace (- (1) * 1) with (- (1)) in fast by ring.
        lra.""",
    ),
    Mutant(
        "half of the radius",
        "continuation",
        "radius * (1 - exp (- lambda * t))",
        "radius / 2 * (1 - exp (- lambda * t))",
        """intros wrong.
        specialize (wrong 1%nat 1%nat 1%nat 1 2 1 1 (ahead 1) (fun _ => all_one) one (input 1)
          (above 1)).
        plain wrong. rewrite ahead_start in wrong by lra.
        destruct (wrong (input_bound 1 ltac:(lra)) signs_1 ltac:(lra)) with (t := 1)
          as [near _]; try lra.
        - intros q fits v. rewrite <- (Rmult_1_l 1) at 1.
          apply (ahead_coercive 1 2 q); [lra|lra|easy].
        - apply ahead_slides. lra.
        - specialize (near 0%nat ltac:(lia)). rewrite ahead_moved in near by lra.
          pose proof (exp_small 1 ltac:(lra)).
          replace (- (1 * 1) * 1) with (- (1)) in near by ring.
          replace (- (1) * 1) with (- (1)) in near by ring. lra.""",
    ),
    Mutant(
        "inputs of any length",
        "continuation",
        "operator_bound d n x X ->",
        "",
        """intros wrong.
        specialize (wrong 1%nat 1%nat 1%nat 1 2 1 (1 / 2) (ahead 1) (fun _ => all_one) one
          (input 1) (above 1)).
        plain wrong. rewrite ahead_start in wrong by lra.
        destruct (wrong signs_1 ltac:(lra)) with (t := 1) as [near _]; try lra.
        - intros q fits v. rewrite <- (Rmult_1_l 1) at 1.
          apply (ahead_coercive 1 2 q); [lra|lra|easy].
        - apply ahead_slides. lra.
        - specialize (near 0%nat ltac:(lia)). rewrite ahead_moved in near by lra.
          pose proof (exp_small 1 ltac:(lra)).
          replace (- (1 * 1) * 1) with (- (1)) in near by ring.
          replace (- (1) * 1) with (- (1)) in near by ring. lra.""",
    ),
    Mutant(
        "the flow may leave the ball, in the limit",
        "continuation_limit",
        "radius < rho ->",
        "",
        """intros wrong.
        destruct (wrong 1%nat 1%nat 1%nat (1 / 2) 1 1 resting sinking one all_one under bound_1
          signs_1 ltac:(lra) (fun q => resting_coercive (1 / 2) q ltac:(lra)) resting_slides)
          as (v & _ & zero_loss).
        unfold loss in zero_loss. cbn [sum] in zero_loss. rewrite output_1 in zero_loss.
        unfold under in zero_loss.
        pose proof (relu_nonneg (v 0%nat 0%nat * all_one 0%nat 0%nat)). nra.""",
    ),
    Mutant(
        "patterns that hold in a smaller ball",
        "admissible",
        "rho * norm d (x i) < Rabs",
        "rho / 4 * norm d (x i) < Rabs",
        """intros wrong.
        assert (fits : admissible 1 1 1 2 (weight 1) all_one (fun _ _ => 0)).
        { apply (wrong 1%nat 1%nat 1%nat 2 (weight 1) (weight (-1)) all_one (fun _ _ => 0)).
          - intros r near. rewrite norm_1. unfold diff, weight. rewrite Rabs_left; lra.
          - apply fractions_1. lra.
          - apply off_kinks_1. intros _. unfold weight, all_one, one, ind_ge.
            destruct (Rle_dec _ _); lra. }
        destruct (fits 0 0 ltac:(lia) ltac:(lia))%nat as [_ pattern].
        rewrite inner_1, units_1 in pattern by lia.
        unfold weight, all_one, one in pattern. rewrite !Rmult_1_r, Rabs_R1, ind_ge_1 in pattern.
        lra.""",
        breaks="nearby_is_admissible",
    ),
    Mutant(
        "comparison of kernels reversed",
        "gram_inequality",
        "<=",
        ">=",
        """intros wrong.
        specialize (wrong 1 1 1 (fun _ _ => true) all_one (fun _ => 1) (fun _ => all_one) all_one
          one)%nat.
        rewrite hp_1 in wrong. unfold quadratic, mul_vec, HS, masked in wrong.
        rewrite inner_1 in wrong. cbn [sum INR] in wrong. unfold all_one, one in wrong.
        enough (1 <= 0) by lra. enough (removes 1 1 1 (fun _ _ => true) all_one (fun _ => 1%nat)
          (fun _ => all_one)) as frame by (specialize (wrong frame); lra).
        intros r near. split.
        - intros l h near_l near_h. replace l with 0%nat by lia. replace h with 0%nat by lia.
          apply inner_one.
        - intros i near_i _. exists one. intros k near_k. unfold all_one, one. cbn [sum]. ring.""",
    ),
    Mutant(
        "nothing projected off",
        "gram_inequality",
        "removes d m n mask x k q ->",
        "",
        """intros wrong.
        specialize (wrong 1 1 2 (fun i _ => Nat.eqb i 0) all_one (fun _ => 0) (fun _ => all_one)
          all_one (fun i => match i with O => -(1) | _ => 1 end)%R)%nat.
        unfold quadratic, mul_vec, HS, HP, masked, project, diff, inner in wrong.
        cbn [sum INR Nat.eqb] in wrong. unfold all_one, one in wrong. lra.""",
    ),
    Mutant(
        "the flow may leave the ball, a posteriori",
        "a_posteriori",
        "radius < rho ->",
        "",
        """intros wrong. destruct resting_loss as [start rest].
        specialize (wrong 1%nat 1%nat 1%nat 1 (1 / 2) 1 1 (fun _ _ => false)).
        resting_a_posteriori wrong start rest.
        intros i r near_i near_r. replace i with 0%nat by lia. replace r with 0%nat by lia.
        rewrite resting_start. unfold near_kink.
        rewrite inner_one, Rabs_R1, (units_1 0%nat) by lia. destruct (Rle_dec _ _); [lra|easy].""",
    ),
    Mutant(
        "near inputs not in the mask",
        "a_posteriori",
        "near_kink d rho (w 0) x i r = true",
        "False",
        """intros wrong. destruct resting_loss as [start rest].
        specialize (wrong 1%nat 1%nat 1%nat 1 3 1 1 (fun _ _ => false)).
        resting_a_posteriori wrong start rest. easy.""",
    ),
    Mutant(
        "greatest norm",
        "sliding_least_norm",
        "<=",
        ">=",
        """intros wrong.
        assert (idle : slides 1 1 1 1 (fun _ => weight 0) (fun _ _ _ => 0) one all_one under).
        { split; [intros r _ k t _ _; now apply continuity_pt_const|]. apply always. intros t _.
          split; [apply fractions_1; lra|]. split; [apply off_kinks_1|apply moves_1].
          - unfold weight. intros []. ring.
          - rewrite Rmult_0_r, Rmult_0_l. apply derivable_pt_lim_const. }
        destruct (wrong 1%nat 1%nat 1%nat 1 _ _ _ _ _ idle) as [kinks least].
        destruct (regular_point kinks 0 1 ltac:(lra)) as (t & inside & away).
        specialize (least t inside away 0%nat all_one ltac:(lia)).
        plain least. rewrite !norm_1 in least. unfold velocity in least. cbn [sum INR] in least.
        rewrite residual_1, sqrt_1 in least. unfold weight, under, all_one, one in least.
        rewrite Rmult_0_l, relu_neg in least by lra.
        replace (1 / 1 * (0 + (-1 - 0) * 1 * 1)) with (-1) in least by field.
        replace (1 / 1 * (0 + (-1 - 0) * 0 * 1)) with 0 in least by field.
        rewrite Rabs_R0, Rabs_left in least by lra. enough (0 >= - -1) by lra. apply least.
        apply off_kinks_1. unfold weight. intros []. ring.""",
    ),
    Mutant(
        "too much projected off",
        "sliding_kernel",
        "spanned d m n (on_kink d (w t) x) x k q ->",
        "",
        """intros wrong.
        destruct (wrong 1%nat 1%nat 1%nat 1 (ahead 1) (fun _ => all_one) one (input 1) (above 1)
          signs_1 (ahead_slides 1 1 ltac:(lra))) as [kinks form].
        destruct (ahead_slides 1 1 ltac:(lra)) as [_ [kinks' flow]].
        destruct (regular_point (fun k => let (h, l) := of_nat k in match h with
          | O => kinks l | _ => kinks' l end) 0 1 ltac:(lra)) as (t & inside & away).
        assert (away0 : regular kinks t)
          by (intros l <-; apply (away (to_nat (0, l)%nat)); now rewrite cancel_of_to).
        assert (away1 : regular kinks' t)
          by (intros l <-; apply (away (to_nat (1, l)%nat)); now rewrite cancel_of_to).
        destruct (form t inside away0 (fun _ => 1%nat) (fun _ => all_one)) as [still _].
        { intros r near. split.
          - intros l h near_l near_h. replace l with 0%nat by lia. replace h with 0%nat by lia.
            apply inner_one.
          - intros i near_i _. exists one. intros k near_k. unfold all_one, one, input, weight.
            cbn [sum]. ring. }
        specialize (still 0%nat 0%nat ltac:(lia) ltac:(lia)).
        destruct (flow t inside away1) as (_ & _ & moves). apply moves_1 in moves.
        apply (uniqueness_limite _ _ _ _ moves) in still.
        rewrite ahead_output in still by lra.
        unfold project, diff, inner, above, input, weight, all_one, one in still.
        cbn [sum INR] in still. rewrite sqrt_1 in still.
        pose proof (exp_pos (- (1 * 1) * t)). lra.""",
    ),
    Mutant(
        "near units of both samples only",
        "near_share",
        "||",
        "&&",
        """intros wrong. set (w := fun _ k : nat => match k with O => 0 | _ => 1 end).
        set (q := fun i _ : nat => match i with O => 0 | _ => 1 end).
        assert (value : second w = 4 / 5) by (unfold second, w; field).
        assert (units : forall i, (i < 2)%nat -> norm 2 (two_inputs i) = 1).
        { intros i near. unfold norm, inner, two_inputs. cbn [sum].
          transitivity (sqrt 1); [f_equal|apply sqrt_1]. destruct i as [|[|]]; [field|field|lia]. }
        assert (fits : admissible 2 1 2 (1 / 4) w two_inputs q).
        { intros i r near near'. replace r with 0%nat by lia. destruct i as [|[|]]; [| |lia].
          - rewrite (first_input w), units by lia. unfold w, q. rewrite Rabs_R0. split; lra.
          - rewrite (second_input w), value. unfold q, ind_ge.
            split; [|destruct (Rle_dec _ _)]; lra. }
        specialize (wrong 2%nat 1%nat 2%nat (1 / 4) w one two_inputs q 0%nat 1%nat units signs_1
          fits ltac:(lia) ltac:(lia)).
        unfold near_share, near_kink in wrong. cbn [sum INR] in wrong.
        rewrite (first_input w), (second_input w), value, (Rabs_right (4 / 5)) in wrong by lra.
        rewrite !units, Rmult_1_r in wrong by lia.
        destruct (Rle_dec (4 / 5) (1 / 4)); [lra|]. rewrite Bool.andb_false_r in wrong.
        replace (HH 2 1 w one two_inputs 0%nat 1%nat - HP 2 1 q two_inputs 0%nat 1%nat)
          with (3 / 5) in wrong; [rewrite Rabs_right in wrong; lra|].
        unfold HH, HP. cbn [sum INR]. rewrite (first_input w), (second_input w), value.
        unfold w, q, one, inner, two_inputs, ind_ge. cbn [sum].
        destruct (Rle_dec 0 0), (Rle_dec 0 (4 / 5)); lra.""",
        breaks="kernel_change",
    ),
    Mutant(
        "as many near units as lambda0",
        "a_priori",
        "lambda0 / 4 ->",
        "lambda0 ->",
        """resting_a_priori 4 (4 / 3) 3.""",
    ),
    Mutant(
        "a third of the eigenvalue at time 0",
        "a_priori",
        "3 / 4 * lambda0",
        "1 / 4 * lambda0",
        """resting_a_priori 2 4 3.""",
    ),
    Mutant(
        "another limit of the loss",
        "must_slide",
        "9 / 2 +",
        "5 +",
        """intros wrong. destruct kink_time as (t1 & range & zero).
        destruct flow_from_start as (w & p & start & flow).
        pose proof (slides_flows t1 w p (flow t1)) as flow1.
        destruct (wrong t1 t1 w p zero flow1 start) as [claim _].
        destruct (must_slide t1 t1 w p zero flow1 start) as [truth _].
        destruct (claim t1 ltac:(lra)) as (_ & _ & five & _).
        destruct (truth t1 ltac:(lra)) as (_ & _ & equal & _). lra.""",
    ),
    Mutant(
        "half of the rate",
        "must_slide",
        "16 / 25",
        "8 / 25",
        """intros wrong. destruct kink_time as (t1 & range & zero).
        destruct flow_from_start as (w & p & start & flow).
        pose proof (slides_flows (t1 + 1) w p (flow (t1 + 1))) as flow1.
        destruct (wrong t1 (t1 + 1) w p zero flow1 start) as (_ & claim & _).
        destruct (must_slide t1 (t1 + 1) w p zero flow1 start) as (bounds & truth & _).
        specialize (claim t1 (t1 + 1) ltac:(lra) ltac:(lra)).
        rewrite (truth t1 (t1 + 1) ltac:(lra) ltac:(lra)) in claim.
        destruct (bounds t1 ltac:(lra)) as (_ & below & _).
        pose proof (exp_increasing (- (16 / 25) * (t1 + 1 - t1)) (- (8 / 25) * (t1 + 1 - t1))
          ltac:(lra)). nra.""",
    ),
    Mutant(
        "from any weights",
        "must_slide",
        "starts w ->",
        "",
        """intros wrong. destruct kink_time as (t1 & range & zero).
        assert (idle : flows t1 (fun _ => weight (-1)) (fun _ _ _ => 0)).
        { split; [intros r _ k t _ _; now apply continuity_pt_const|]. apply always. intros t _.
          split.
          - intros i r near near' _. replace r with 0%nat by lia.
            destruct i as [|[|]]; [rewrite first_input|rewrite second_input|lia];
              unfold second, weight, ind_ge; destruct (Rle_dec _ _); lra.
          - apply flow_in_numbers. unfold speed0, speed1, weight.
            split; eapply derivative_eq; try apply derivable_pt_lim_const; ring. }
        destruct (wrong t1 t1 _ _ zero idle) as [kink _].
        destruct (kink t1 ltac:(lra)) as [on _]. unfold weight in on. lra.""",
    ),
    Mutant(
        "no flow from the start on",
        "no_constant",
        "t1 < T ->",
        "0 < T ->",
        """intros (t1 & range & all). destruct (all 1) as [(w & start & flow) none].
        apply (none t1 w); [lra|easy|easy].""",
    ),
    Mutant(
        "no solution from the start on",
        "no_solution",
        "ln 2 < T ->",
        "0 < T ->",
        """intros [[w solved] none]. apply (none (ln 2) w); [|easy].
        rewrite <- ln_1. apply ln_increasing; lra.""",
    ),
    Mutant(
        "an earlier kink",
        "kink_time",
        "5 / 18",
        "1 / 10",
        """intros (t1 & range & zero). pose proof (early0_falls t1 (1 / 10) ltac:(lra)) as later.
        rewrite zero in later. unfold early0 in later.
        pose proof (exp_ineq1_le (- (8 / 5) * (1 / 10))).
        pose proof (exp_ineq1_le (- (2 / 5) * (1 / 10))). lra.""",
    ),
]


def mutated(mutant):
    """(file, text) for the files from the mutant to the theorem that breaks, in order.

    Scripts before that theorem are left out, for speed.  Every line keeps its number.
    """
    stems = list(SOURCES)
    first, last = (stems.index(FILES[name]) for name in (mutant.where, mutant.breaks))
    for stem in stems[first : last + 1]:
        source = SOURCES[stem]
        if stem == FILES[mutant.where]:
            assert source.count(TEXTS[mutant.where]) == 1
            source = source.replace(TEXTS[mutant.where], mutant.text(mutant.where))
        if stem == FILES[mutant.breaks]:
            before, theorem, after = source.partition(mutant.text(mutant.breaks))
            yield stem, without_scripts(before) + theorem + after
        else:
            yield stem, without_scripts(source)


def without_scripts(source):
    return SCRIPT.sub(lambda script: "Proof. Admitted." + "\n" * script[0].count("\n"), source)


def refutations(mutants):
    """A source that proves, mutant by mutant, the negation of the statement that breaks."""
    imports = re.findall(r"^(?:From|Local) .*\.$", "\n".join(SOURCES.values()), re.MULTILINE)
    parts = [f"Require Import {' '.join(SOURCES)}.", *dict.fromkeys(imports), LIBRARY]
    for number, mutant in enumerate(mutants):
        definition = mutant.text(mutant.where) if mutant.where != mutant.breaks else ""
        statement = mutant.text(mutant.breaks).split(":", 1)[1].removesuffix(".")
        parts.append(
            f"Module mutant_{number}. (* {mutant.name} *)\n{definition}\n"
            f"Theorem refuted : ~ ({statement}).\nProof. {mutant.refutation} Qed.\n"
            f"End mutant_{number}."
        )
    return "\n".join(parts)


def compile_text(folder, name, text):
    (folder / name).write_text(text, encoding="utf-8")
    return check_proofs.coqc(folder / name)


@pytest.fixture(scope="module")
def compiled(tmp_path_factory):
    """A folder with the unmutated sources, compiled."""
    folder = tmp_path_factory.mktemp("compiled")
    for stem, source in SOURCES.items():
        compile_text(folder, f"{stem}.v", source)
    return folder


def test_names_are_distinct():
    names = [found.name for source in SOURCES.values() for found in statements(source)]
    assert len(names) == len(set(names))


def test_every_file_is_listed():
    assert sorted(path.stem for path in (ROOT / "proofs").glob("*.v")) == sorted(SOURCES)


@pytest.mark.parametrize("path", coq_source.FILES, ids=lambda path: path.stem)
def test_no_proof_is_open(path):
    check_proofs.refuse_open_proofs(ROOT / path)


@needs_coq
def test_together_the_theorems_assume_what_is_allowed(compiled):
    names = [f"{stem}.{t.name}" for stem, source in SOURCES.items() for t in statements(source)]
    require = f"Require {' '.join(SOURCES)}.\n"
    assert set(check_proofs.assumptions(compiled, require, names)) == check_proofs.ALLOWED


@needs_coq
def test_source_without_scripts_compiles(tmp_path):
    """So a mutant does not fail for the scripts that were left out."""
    for stem, source in SOURCES.items():
        compile_text(tmp_path, f"{stem}.v", without_scripts(source))


@needs_coq
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_mutant_fails_in_the_script_of_its_theorem(compiled, tmp_path, mutant):
    for path in compiled.glob("*.vo"):
        shutil.copy(path, tmp_path)
    *before, (last, text) = mutated(mutant)
    for stem, changed in before:
        compile_text(tmp_path, f"{stem}.v", changed)
    with pytest.raises(ValueError, match=rf"\A{last}\.v, line \d+: ") as failure:
        compile_text(tmp_path, f"{last}.v", text)
    line = int(re.search(r"line (\d+)", str(failure.value))[1])
    source = SOURCES[last]
    start = source.index("\nProof.", source.index(TEXTS[mutant.breaks])) + 1
    end = source.index("Qed.", start)
    assert coq_source.line_of(source, start) <= line <= coq_source.line_of(source, end)


@needs_coq
def test_mutants_are_false(compiled):
    source = refutations(MUTANTS)
    assert open_words(source) == []
    compile_text(compiled, "refutations.v", source)


@needs_coq
def test_what_is_true_is_not_refuted(compiled):
    unchanged = dataclasses.replace(MUTANTS[0], new=MUTANTS[0].old)
    with pytest.raises(ValueError, match=r"true\.v, line \d+: "):
        compile_text(compiled, "true.v", refutations([unchanged]))
