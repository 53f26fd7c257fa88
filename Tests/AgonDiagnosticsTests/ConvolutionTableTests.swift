import Foundation
import Testing

@testable import AgonDiagnostics
@testable import AgonGraph

@Suite struct ConvolutionTableTests {
    private func convolution(
        _ origin: String, _ pass: ConvolutionPass, _ method: String, _ direct: Int, _ done: Int
    ) -> ConvolutionSummary {
        let geometry = ConvolutionGeometry(
            height: 8, width: 8, inputChannels: 16, outputHeight: 8, outputWidth: 8, outputChannels: 16,
            kernelHeight: 3,
            kernelWidth: 3, strideHeight: 1, strideWidth: 1, paddingTop: 1, paddingLeft: 1, dilationHeight: 1,
            dilationWidth: 1, groups: 1)
        return ConvolutionSummary(
            origin: origin, geometry: geometry, pass: pass, method: method, directMultiplications: direct,
            multiplications: done)
    }

    @Test func showsMethodsAndSavingsByLayer() {
        let phase = Inspection.Phase(
            name: "step", repeats: 2, floatingPointOperations: 0, plan: MemoryPlan(),
            convolutions: [
                convolution("d[0]", .forward, "direct", 100, 100), convolution("d[1]", .forward, "F(4,3)", 400, 100),
                convolution("d[1]", .forward, "F(2,3)", 200, 100),
                convolution("d[1]", .weightGradient, "F(4,3)", 300, 100),
            ])
        let lines = ConvolutionTable([phase]).text?.split(separator: "\n").map { line in
            line.split(separator: "  ").map { $0.trimmingCharacters(in: .whitespaces) }
        }
        #expect(
            lines == [
                ["convolution", "forward", "input gradient", "weight gradient"], ["d[0]", "direct"],
                ["d[1]", "F(4,3), F(2,3)", "3.00x", "F(4,3)", "3.00x"], ["multiplications saved", "2.50x"],
            ])
        #expect(ConvolutionTable([]).text == nil)
    }
}
