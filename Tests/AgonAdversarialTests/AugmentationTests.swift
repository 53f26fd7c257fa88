import AgonGraph
import AgonTensors
import AgonTestFiles
import Testing

@testable import AgonAdversarial

@Suite struct AugmentationTests {
    /// A setting with images of 16x12 pixels in three channels; its networks are as small as can be.
    private func setting(_ augmentation: String, objective: String = "gan", batch: Int = 500) throws
        -> AdversarialSetting
    {
        try game(
            """
            {"objective": "\(objective)", "optimizer": {"type": "sgd", "learningRate": 1e-9}, "batchSize": \(batch),
             "latent": {"size": 3}, "tricks": {"augmentation": \(augmentation)}}
            """,
            generator: #"[{"type": "linear", "features": 576}, {"type": "reshape", "shape": [16, 12, 3]}]"#,
            discriminators: [#"["flatten", {"type": "linear", "features": 1}]"#],
            data: DataShapes(sample: [16, 12, 3]))
    }

    /// What becomes of images.
    private func changed(_ text: String, _ image: [Float], batch: Int = 500) throws -> [[Float]] {
        let setting = try setting(text, batch: batch)
        let trick = try #require(setting.tricks.augmentation)
        let graph = ComputeGraph()
        let samples = graph.input("samples", shape: [batch, 16, 12, 3])
        graph.output("seen", trick.apply(to: samples, call: "real", setting: setting, in: graph))
        let running = try RunningGraph(graph)
        running.run(["samples": (0..<batch).flatMap { _ in image }])
        let values = try running.values("seen")
        return (0..<batch).map { Array(values[$0 * image.count..<($0 + 1) * image.count]) }
    }

    /// Each pixel has a number of its own.
    private let image = (0..<576).map { Float($0 + 1) }

    @Test func translationsAreOfWholePixelsAndAllReached() throws {
        let found = try changed(#"{"changes": ["translation"]}"#, image)
        // The upper left of what is seen comes from a row and a column, or from outside.
        var shifts: Set<[Int]> = []
        for seen in found {
            let middle = Int(seen[(8 * 12 + 6) * 3]) - 1
            let (row, column) = (middle / 3 / 12, middle / 3 % 12)
            shifts.insert([row - 8, column - 6])
            for y in 0..<16 {
                for x in 0..<12 {
                    let (from, left) = (y + row - 8, x + column - 6)
                    let isInside = (0..<16).contains(from) && (0..<12).contains(left)
                    #expect(seen[(y * 12 + x) * 3] == (isInside ? image[(from * 12 + left) * 3] : 0))
                }
            }
        }
        // An eighth of each side, rounded: 2 rows and 2 columns, in both directions.
        #expect(shifts.count == 25 && shifts.allSatisfy { abs($0[0]) <= 2 && abs($0[1]) <= 2 })
    }

    @Test func cutoutsAreSquaresOfHalfTheSide() throws {
        let found = try changed(#"{"changes": ["cutout"]}"#, image)
        var corners: Set<[Int]> = []
        for seen in found {
            let gone = seen.indices.filter { seen[$0] == 0 }
            #expect(seen.indices.allSatisfy { seen[$0] == 0 || seen[$0] == image[$0] })
            let rows = Set(gone.map { $0 / 36 }).sorted()
            let columns = Set(gone.map { $0 / 3 % 12 }).sorted()
            // A rectangle, in all channels; whole inside the image, and at least half of a side at its edge.
            #expect(gone.count == 3 * rows.count * columns.count)
            #expect((4...8).contains(rows.count) && (3...6).contains(columns.count))
            corners.insert([rows[0], columns[0]])
        }
        #expect(corners.count > 60)
    }

    @Test func coloursStayWithinTheirBounds() throws {
        // Grey on the left, red on the right.
        let image = (0..<192).flatMap { pixel -> [Float] in pixel % 12 < 6 ? [0.5, 0.5, 0.5] : [0.9, 0, 0] }
        let found = try changed(#"{"changes": ["color"]}"#, image)
        var contrasts: [Float] = []
        for seen in found {
            // Grey stays grey, whatever the saturation.
            #expect(abs(seen[0] - seen[1]) < 1e-5 && abs(seen[0] - seen[2]) < 1e-5)
            // Means of pixels differ by 0.2 before; contrast alone changes that.
            let difference = seen[0] - (seen[18] + seen[19] + seen[20]) / 3
            contrasts.append(difference / 0.2)
        }
        #expect(contrasts.allSatisfy { (0.499...1.501).contains($0) })
        #expect(contrasts.min() ?? 1 < 0.55 && contrasts.max() ?? 1 > 1.45)
    }

    @Test func gradientsPass() throws {
        let setting = try setting("{}", batch: 2)
        let trick = try #require(setting.tricks.augmentation)
        let graph = ComputeGraph()
        let samples = graph.input("samples", shape: [2, 16, 12, 3])
        let seen = trick.apply(to: samples, call: "real", setting: setting, in: graph)
        let slope = try graph.gradients(of: graph.sum(graph.square(seen)), withRespectTo: [samples])[0]
        graph.output("slope", graph.sum(graph.square(slope)))
        let running = try RunningGraph(graph)
        running.run(["samples": RandomStream(seed: 1, purpose: "images").normal(count: 1152)])
        #expect(try running.values("slope")[0] > 1)
    }

    @Test func aShareOfTheImagesStays() throws {
        let found = try changed(#"{"changes": ["color"], "probability": 0.25}"#, image)
        let share = Double(found.count { $0 != image }) / 500
        // Five standard errors.
        #expect(abs(share - 0.25) < 5 * (0.25 * 0.75 / 500).squareRoot())
    }

    /// Real images are scored above 0 by a bias of 1; the probability rises by 500 images of 5000 a step, up to 1.
    @Test func theProbabilityFollowsTheScores() throws {
        let setting = try setting(#"{"target": 0.6, "span": 5000}"#)
        let discriminator = setting.gan.discriminators[0]
        discriminator.variables[0].values = [Float](repeating: 0, count: 576)
        discriminator.variables[1].values = [1]
        let training = try RunningTraining(setting)
        var found: [Float] = []
        for _ in 0..<12 {
            training.iterate()
            found.append(try training.scalar("augmentation.probability"))
        }
        for (index, value) in found.enumerated() { #expect(abs(value - min(1, 0.1 * Float(index + 1))) < 1e-5) }
        discriminator.variables[1].values = [-1]
        training.iterate()
        #expect(abs(try training.scalar("augmentation.probability") - 0.9) < 1e-5)
    }

    @Test func whatItDoesNotSuitIsRefused() throws {
        #expect(throws: AdversarialError.trick("augmentation", reason: "the samples are points, not images; remove it"))
        {
            try game(
                """
                {"objective": "gan", "optimizer": "adam", "batchSize": 2, "latent": {"size": 3},
                 "tricks": {"augmentation": {}}}
                """)
        }
        for objective in ["lsgan", "selfgan"] {
            let text = """
                {"objective": "\(objective)", "optimizer": "adam", "tricks": {"augmentation": {"target": 0.6}}}
                """
            #expect(
                message { try adversarial(text) }.hasSuffix(
                    "'target' needs scores whose sign tells real from generated, unlike those of '\(objective)'; "
                        + "give 'probability'"))
        }
    }
}
