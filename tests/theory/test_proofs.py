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


ROW = {"theorem": "answers.one", "kind": "Theorem", "line": 1, "assumptions": ""}


@needs_coq
def test_rows_of_a_good_source(tmp_path):
    assert check(tmp_path, GOOD) == [ROW]


@needs_coq
def test_a_source_may_import_those_before_it(tmp_path):
    more = "Require Import answers.\nLemma two : 1 = 1.\nProof. exact one. Qed.\n"
    row = {"theorem": "more.two", "kind": "Lemma", "line": 2, "assumptions": ""}
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
        (EXTRA, r"answers\.same assumes \S*\bproof_irrelevance, "),
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


# What the refutations share: dimension 1, the unit vector `one`, and a network of w = x = 1 and
# a = 0 with the target y = 1.
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
    """One question for all, as Coq takes a second for each."""
    everything = ", ".join(
        f"{stem}.{found.name}" for stem, source in SOURCES.items() for found in statements(source)
    )
    source = (
        f"Require {' '.join(SOURCES)}.\nDefinition all := ({everything}).\nPrint Assumptions all.\n"
    )
    (found,) = coq_source.assumptions(compile_text(compiled, "everything.v", source))
    assert set(found) == check_proofs.ALLOWED


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
