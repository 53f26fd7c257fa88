import AgonText
import Testing

@Suite struct LiveTextTests {
    @Test func linesFitEveryTerminal() {
        let (position, timeLeft, others) = ("step 1200/20000", "2 min 40 s left", ["loss 0.6931", "812 images/s"])
        for width in -1...200 {
            let line = LiveText.line(position, timeLeft: timeLeft, others: others, width: width)
            #expect(line.count <= max(0, width), "\(width): \(line)")
            #expect(line.contains(timeLeft) || width < timeLeft.count, "\(width): \(line)")
            #expect(line.contains(position) == (width >= 32), "\(width): \(line)")
        }
    }

    @Test func numbersAreNotCut() {
        func line(_ width: Int) -> String {
            LiveText.line("step 1/9", timeLeft: "8 s left", others: ["loss 0.6931", "81 images/s"], width: width)
        }
        #expect(line(80) == "step 1/9  8 s left  loss 0.6931  81 images/s")
        #expect(line(43) == "step 1/9  8 s left  loss 0.6931")
        #expect(line(30) == "step 1/9  8 s left")
        #expect(line(17) == "8 s left")
        #expect(line(7).isEmpty)
    }

    @Test func thePositionStandsAloneUntilTheTimeIsKnown() {
        for width in -1...40 {
            let line = LiveText.line("step 1/9", timeLeft: nil, others: ["loss 0.6931"], width: width)
            #expect(line == (width >= 21 ? "step 1/9  loss 0.6931" : width >= 8 ? "step 1/9" : ""), "\(width)")
        }
    }
}
