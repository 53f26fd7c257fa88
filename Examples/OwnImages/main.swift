// Trains a GAN on the images of a folder, with a loss of one's own:
//
//     swift run -c release own-images ~/Images/flowers samples.png 2000

import Agon
import Foundation

/// A hinge without a corner: D minimises `mean softplus(1 - D(x)) + mean softplus(1 + D(G(z)))`, G `-mean D(G(z))`.
struct SoftHinge: AlternatingObjective {
    static let name = "soft-hinge"
    let alternation = Alternation(order: .discriminatorFirst)
    let scores = ScoreKind.unbounded

    func discriminatorLoss(_ pass: DiscriminatorPass) -> Value {
        let graph = pass.graph
        let real = graph.softplus(graph.affine(pass.realScores, scale: -1, offset: 1))
        let generated = graph.softplus(graph.affine(pass.generatedScores, offset: 1))
        return graph.add(graph.mean(real), graph.mean(generated))
    }

    func generatorLoss(scores: Value, in graph: ComputeGraph) -> Value { graph.affine(graph.mean(scores), scale: -1) }
}

guard CommandLine.arguments.count >= 3, let steps = Int(CommandLine.arguments.dropFirst(3).first ?? "2000") else {
    print("usage: own-images FOLDER SAMPLES.png [STEPS]")
    exit(64)
}
let images = try ImageDataset(folder: CommandLine.arguments[1], size: 32)

func up(_ channels: Int) -> [any Layer] {
    [
        UpsampleLayer(), ConvolutionLayer(channels: channels, kernel: 3, padding: .all(1)), BatchNormLayer(),
        ActivationLayer.relu,
    ]
}
func down(_ channels: Int) -> [any Layer] {
    [ConvolutionLayer(channels: channels, kernel: 4, stride: 2, padding: .all(1)), ActivationLayer.leakyReLU()]
}
let trainer = try GANTrainer(
    generator: [LinearLayer(features: 4 * 4 * 128), ReshapeLayer([4, 4, 128])] + up(128) + up(64) + up(32)
        + [ConvolutionLayer(channels: 3, kernel: 3, padding: .all(1)), ActivationLayer.tanh],
    discriminator: down(32) + down(64) + down(128) + [FlattenLayer(), LinearLayer(features: 1)],
    dataset: images,
    settings: AdversarialConfiguration(
        objective: SoftHinge(), optimizers: .shared(OptimizerConfiguration(Adam(learningRate: 2e-4, beta1: 0.5))),
        batchSize: min(64, images.count)))

for step in 1...max(steps, 1) {
    let losses = try trainer.step()
    guard step % 100 == 0 || step == steps else { continue }
    print("step \(step)", losses.map { "\($0.name) \($0.value)" }.joined(separator: "  "))
    try trainer.writeSamples(64, to: CommandLine.arguments[2])
}
