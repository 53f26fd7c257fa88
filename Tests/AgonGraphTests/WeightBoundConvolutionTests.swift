import AgonGraph
import AgonTensors
import Testing

/// Few pixels under many weights, which pieces divide by channels. Channels are no multiples of a piece's.
@Suite struct WeightBoundConvolutionTests {
    static let cases: [ConvolutionCase] = [
        // Most taps meet padding alone.
        ConvolutionCase([1, 2, 2, 150], [4, 4, 150, 112], stride: (2, 2), padding: (1, 1, 1, 1)),
        ConvolutionCase([3, 1, 1, 180], [3, 3, 180, 170], padding: (1, 1, 1, 1)),
        ConvolutionCase([2, 4, 3, 200], [3, 3, 200, 150], padding: (1, 0, 1, 1)),
        ConvolutionCase([1, 5, 6, 130], [4, 4, 130, 130], stride: (2, 2), padding: (2, 1, 1, 2)),
        ConvolutionCase([2, 7, 4, 136], [4, 4, 136, 130], stride: (3, 2), padding: (1, 3, 2, 1), dilation: (1, 2)),
    ]

    @Test(arguments: cases)
    func agreesWithItsDefinition(_ c: ConvolutionCase) throws { try ConvolutionTests().agreesWithItsDefinition(c) }

    @Test(arguments: cases)
    func threadsDoNotChangeBits(_ c: ConvolutionCase) throws {
        let (graph, inputs) = try FilteredConvolutionTests().passes(c)
        let one = try graph.compiled(threads: 1, convolutions: .direct)
        let many = try graph.compiled(threads: 3, convolutions: .direct)
        one.run(inputs)
        many.run(inputs)
        for name in one.outputNames {
            #expect(try one.values(name).map(\.bitPattern) == many.values(name).map(\.bitPattern), "\(name)")
        }
    }
}
