import AgonTestSupport
import Testing

@testable import AgonRuns
@testable import AgonSampling

@Suite struct LatentExpressionTests {
    private static let saved: [String: [Float]] = [
        "king": [1, 10], "man": [2, 20], "woman": [3, 30], "e1": [100, 0], "mean_": [7, 7],
    ]

    private func value(_ text: String) throws -> [Float] {
        try LatentExpression(text).value(size: 2) { term in
            switch term.reference {
            case .saved(let name): Self.saved[name] ?? []
            case .sample(let number): [Float(number), -Float(number)]
            }
        }
    }

    @Test(
        arguments: [
            ("king", [1, 10]),
            ("  king  ", [1, 10]),
            ("#12", [12, -12]),
            ("king - man + woman", [2, 20]),
            ("king-man+woman", [2, 20]),
            ("king - (man + woman)", [-4, -40]),
            ("king - man - woman", [-4, -40]),
            ("-king", [-1, -10]),
            ("--king", [1, 10]),
            ("+-+king", [-1, -10]),
            ("2 * king", [2, 20]),
            ("king * 2 / 4", [0.5, 5]),
            ("king / 2 * 4", [2, 20]),
            ("2 * 3 * king", [6, 60]),
            ("(1 + 2) * king / (6 - 3)", [1, 10]),
            ("1 + 2 * 3 * king * 0 + king", nil),
            ("king + man * 2", [5, 50]),
            ("(king + man) * 2", [6, 60]),
            ("king * -2", [-2, -20]),
            ("mean(king, man, woman)", [2, 20]),
            ("mean( #3 ,#5 )", [4, -4]),
            ("mean(king)", [1, 10]),
            ("mean(2, 4) * king", [3, 30]),
            ("mean(mean(king, woman), man - king) * 2", [3, 30]),
            ("king - king", [0, 0]),
            ("king - man + king", [0, 0]),
            ("1e1*king", [10, 100]),
            ("1.5e+1 * king + .5 * man - 1. * man", [14, 140]),
            ("e1 + mean_", [107, 7]),
            ("0.9 * (king + 0.5 * (#4 - man))", [1.8, -1.8]),
        ] as [(String, [Float]?)])
    func arithmetic(text: String, expected: [Float]?) throws {
        guard let expected else {
            #expect(throws: SamplingError.self) { try value(text) }
            return
        }
        let found = try value(text)
        // Weights are in double precision, and the sum is rounded once.
        try #require(found.count == expected.count)
        #expect(zip(found, expected).allSatisfy { abs($0 - $1) <= 1e-6 * abs($1) }, "\(found)")
    }

    @Test func eachLatentIsReadOnce() throws {
        let terms = try LatentExpression("king - man + 2 * king + #3 - #3 / 2").terms
        #expect(terms.map(\.reference) == [.saved("king"), .saved("man"), .sample(3)])
        #expect(terms.map(\.weight) == [3, -1, 0.5])
        #expect(terms.map(\.column) == [1, 8, 25])
    }

    @Test(arguments: [
        ("", 1, "expected a latent or a number, found the end of the text"),
        ("king +", 7, "expected a latent or a number, found the end of the text"),
        ("king + * man", 8, "expected a latent or a number, found '*'"),
        ("king man", 6, "expected an operator, found 'man'"),
        ("king #1", 6, "expected an operator, found '#'"),
        ("2king", 2, "expected an operator, found 'king'"),
        ("2e * king", 2, "expected an operator, found 'e'"),
        ("(king", 1, "this '(' is never closed"),
        ("mean(king, man", 5, "this '(' is never closed"),
        ("king)", 5, "expected an operator, found ')'"),
        ("(king man)", 7, "expected an operator or ')', found 'man'"),
        ("mean", 5, "expected '(' after 'mean', found the end of the text"),
        ("mean + king", 6, "expected '(' after 'mean', found '+'"),
        ("mean()", 6, "expected a latent or a number, found ')'"),
        ("mean(king, 2)", 12, "the mean of a latent and a number; use one kind"),
        ("max(king, man)", 1, "unknown function 'max'; use mean(a, b, ...)"),
        ("king + 1", 6, "'+' stands between a latent and a number; use two of a kind"),
        ("2 - king", 3, "'-' stands between a number and a latent; use two of a kind"),
        ("king * man", 6, "two latents cannot be multiplied; one side of '*' must be a number"),
        ("2 / king", 3, "cannot divide by a latent; the right side of '/' must be a number"),
        ("king / man", 6, "cannot divide by a latent; the right side of '/' must be a number"),
        ("king / (1 - 1)", 6, "division by 0"),
        ("1 + 2", 1, "the result is a number; expected a latent, such as a saved name or #1"),
        ("#", 2, "expected the number of a sample after '#', such as #3"),
        ("# 12", 2, "expected the number of a sample after '#', such as #3"),
        ("#king", 2, "expected the number of a sample after '#', such as #3"),
        ("king + #0", 8, "there is no sample #0; expected #1 to #100000"),
        ("#99999999999999999999", 1, "there is no sample #99999999999999999999; expected #1 to #100000"),
        ("1e999 * king", 1, "the number is too large"),
        ("1e300 * 1e300 * king", 7, "the number is too large"),
        ("king * 1e39", 1, "the result is too large"),
        (". * king", 1, "'.' is not a number"),
        ("king − man", 6, "expected an operator, found '−'"),
        ("Käse", 2, "expected an operator, found 'äse'"),
        ("king\u{301}", 4, "expected an operator, found 'g\u{301}'"),
    ])
    func errorsAreReportedWithTheirColumn(text: String, column: Int, problem: String) {
        let found = message { _ = try value(text) }
        let caret = String(repeating: " ", count: column - 1) + "^"
        #expect(found == "column \(column): \(problem)\n  \(text)\n  \(caret)")
    }

    @Test func deepNestingIsRefusedBeforeTheStackEnds() {
        let text = String(repeating: "(", count: 100_000) + "king"
        #expect(message { _ = try value(text) }.hasPrefix("column 66: more than 64 nested parentheses"))
        #expect(throws: Never.self) { try value(String(repeating: "-", count: 100_001) + "king") }
        #expect(throws: Never.self) { try value("king" + String(repeating: " + king", count: 2000)) }
    }

    @Test(arguments: [
        ("a=1", [LatentAssignment(name: "a", samples: [1])]),
        (
            " smile = 3 + 7+12 , _b2=100000",
            [LatentAssignment(name: "smile", samples: [3, 7, 12]), LatentAssignment(name: "_b2", samples: [100_000])]
        ),
    ])
    func assignmentsAreRead(text: String, expected: [LatentAssignment]) throws {
        #expect(try LatentAssignment.parse(text) == expected)
    }

    @Test(arguments: [
        ("smile", "'smile': expected NAME=NUMBER or NAME=NUMBER+NUMBER+..., such as smile=3+7+12"),
        ("a=1,", "'': expected NAME=NUMBER or NAME=NUMBER+NUMBER+..., such as smile=3+7+12"),
        ("a=b=1", "'a=b=1': expected NAME=NUMBER or NAME=NUMBER+NUMBER+..., such as smile=3+7+12"),
        ("2a=1", "'2a=1': '2a' is not a valid name; use letters, digits and '_', not starting with a digit"),
        ("../a=1", "'../a=1': '../a' is not a valid name; use letters, digits and '_', not starting with a digit"),
        ("mean=1", "'mean=1': 'mean' is a function; choose another name"),
        ("a=1,a=2", "'a=2': 'a' is given twice"),
        ("a=", "'a=': '' is not a sample number; expected 1 to 100000"),
        ("a=0", "'a=0': '0' is not a sample number; expected 1 to 100000"),
        ("a=1++2", "'a=1++2': '' is not a sample number; expected 1 to 100000"),
        ("a=-3", "'a=-3': '-3' is not a sample number; expected 1 to 100000"),
        ("a=٣", "'a=٣': '٣' is not a sample number; expected 1 to 100000"),
    ])
    func badAssignmentsAreRefused(text: String, expected: String) {
        #expect(message { _ = try LatentAssignment.parse(text) } == expected)
    }

    @Test func listsOfSamplesAreRead() throws {
        #expect(try LatentAssignment.parseSamples("12, 15,3") == [12, 15, 3])
        #expect(
            message { _ = try LatentAssignment.parseSamples("12,,3") }
                == "'12,,3': '' is not a sample number; expected 1 to 100000")
    }
}
