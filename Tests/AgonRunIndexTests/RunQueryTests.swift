import AgonRunIndex
import AgonTestSupport
import Foundation
import Testing

@Suite struct RunQueryTests {
    private func key(_ name: String) -> RunQuery { .has(name) }

    @Test func operatorsBindAsWritten() throws {
        #expect(
            try RunQuery("metric.fid-lenet < 10 and objective == selfgan")
                == .and(
                    .comparison("metric.fid-lenet", .less, .number(10, word: "10")),
                    .comparison("objective", .equal, .text("selfgan"))))
        #expect(try RunQuery("a or b and not c") == .or(key("a"), .and(key("b"), .not(key("c")))))
        #expect(try RunQuery("(a or b) and c") == .and(.or(key("a"), key("b")), key("c")))
        #expect(try RunQuery("not not a") == .not(.not(key("a"))))
        #expect(try RunQuery("x>=-1.5e-3") == .comparison("x", .greaterOrEqual, .number(-0.0015, word: "-1.5e-3")))
        #expect(try RunQuery("name ~ 'and or'") == .comparison("name", .contains, .text("and or")))
        #expect(try RunQuery("seed == \"1\"") == .comparison("seed", .equal, .text("1")))
        #expect(
            try RunQuery("discriminator.layers[2].kernel != 5")
                == .comparison("discriminator.layers[2].kernel", .notEqual, .number(5, word: "5")))
        #expect(try RunQuery("a == b and c").keys == ["a", "c"])
        #expect(
            try RunQuery("started > 2026-01-31T12:00") == .comparison("started", .greater, .text("2026-01-31T12:00")))
        #expect(try RunQuery("size > '1MB'") == .comparison("size", .greater, .text("1MB")))
    }

    @Test func faultsPointAtThePlace() {
        let cases: [(String, String)] = [
            ("", "column 1: expected a comparison, found the end of the text"),
            ("a <", "column 4: expected a number or a string after '<', found the end of the text"),
            ("a = 3", "column 3: '=' is not a comparison; use '=='"),
            ("10 > a", "column 1: expected a key, found '10'; write the key on the left: state == done"),
            ("'a' == b", "column 1: expected a key, found the string \"a\"; write the key on the left: state == done"),
            ("(a and b", "column 1: this '(' is never closed"),
            ("a b", "column 3: expected 'and', 'or' or the end, found 'b'"),
            ("a and", "column 6: expected a comparison, found the end of the text"),
            ("a == 'x", "column 6: this quote is never closed"),
            ("a & b", "column 3: '&' is not allowed here; put strings in quotes"),
            ("and", "column 1: expected a key, found 'and'"),
            ("a == not", "column 6: expected a number or a string after '==', found 'not'"),
            (")", "column 1: expected a key, found ')'"),
            (
                "size > 1MB",
                "column 8: '1MB' is not a number; sizes are in bytes, times in seconds; put text in quotes"
            ),
            (
                "step <= 1_000",
                "column 9: '1_000' is not a number; sizes are in bytes, times in seconds; put text in quotes"
            ),
            (String(repeating: "(", count: 100) + "a", "column 66: more than 64 levels of nesting"),
        ]
        for (text, expected) in cases {
            let found = message { _ = try RunQuery(text) }
            #expect(
                found.split(separator: "\n", omittingEmptySubsequences: false).first.map(String.init) == expected,
                "\(text)")
        }
    }
}
