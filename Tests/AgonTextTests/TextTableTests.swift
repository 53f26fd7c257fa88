import AgonText
import Testing

@Suite struct TextTableTests {
    private let table: TextTable = {
        var table = TextTable(["config", "steps", "description"])
        table.add(["gan/mlp", "20000", "the original GAN, fully connected"])
        table.add(["wgan", "9", ""])
        return table
    }()

    @Test func wordsStandLeftAndNumbersRight() {
        #expect(
            table.text == """
                config   steps  description
                gan/mlp  20000  the original GAN, fully connected
                wgan         9
                """)
    }

    /// The other columns stay whole, and the last one keeps the width of its heading.
    @Test func onlyTheLastColumnIsCut() {
        #expect(table.text(width: 40).split(separator: "\n")[1] == "gan/mlp  20000  the original GAN, fully…")
        for width in -1...60 {
            let lines = table.text(width: width).split(separator: "\n")
            #expect(lines.allSatisfy { $0.count <= max(width, 27) }, "\(width)")
            #expect(lines[1].hasPrefix("gan/mlp  20000  the origin"), "\(width)")
        }
        var unnamed = TextTable([""])
        unnamed.add(["text"])
        #expect(unnamed.text(width: 0) == "\n…")
    }
}
