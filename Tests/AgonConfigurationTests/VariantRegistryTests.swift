import AgonConfiguration
import AgonTestFiles
import Testing

@Suite struct VariantRegistryTests {
    /// A step of a recipe; every kind may have a note.
    private indirect enum Step {
        case wait(Int)
        case noted(Step, String)
        case choice([[Step]])

        static let registry: VariantRegistry<Step> = {
            let registry = VariantRegistry<Step>(schemaName: "Step", noun: "step") { step, reader in
                try reader.optionalString("note", "Why.").map { .noted(step, $0) } ?? step
            }
            registry.register("wait", "Nothing happens.") {
                .wait(try $0.integer("minutes", default: 5, "For how long."))
            }
            registry.register("choice", "One of several lists.") {
                .choice(try $0.arrays("lists", of: registry, count: 2..., "The lists."))
            }
            return registry
        }()
    }

    private struct Recipe: ConfigDecodable {
        let step: Step
        init(from reader: ConfigReader) throws { step = try reader.section("step", Step.registry, "The step.") }
    }

    @Test func allKindsShareAKey() throws {
        let text = #"{"step": {"type": "choice", "note": "a", "lists": [[], ["wait", {"type": "wait", "note": "b"}]]}}"#
        let (recipe, resolved) = try ConfigReader.decode(Recipe.self, from: .parse(text, file: "x"))
        guard case .noted(.choice(let lists), "a") = recipe.step, lists.count == 2, lists[0].isEmpty,
            case .wait(5) = lists[1][0], case .noted(.wait(5), "b") = lists[1][1]
        else {
            Issue.record("read \(recipe)")
            return
        }
        #expect(
            resolved.lineText
                == #"{"step": {"type": "choice", "lists": [[], [{"type": "wait", "minutes": 5}, {"type": "wait", "minutes": 5, "note": "b"}]], "note": "a"}}"#
        )
        #expect(try ConfigReader.decode(Recipe.self, from: resolved).resolved == resolved)
    }

    @Test(arguments: [
        (#"{"type": "wait", "nte": "a"}"#, "x:1: step.nte: unknown key. Did you mean 'note'?"),
        (
            #"{"type": "choice", "lists": [["wait"], ["wiat"]]}"#,
            "x:1: step.lists[1][0]: unknown step 'wiat'. Did you mean 'wait'? Available: choice, wait"
        ),
        (#"{"type": "choice", "lists": [[]]}"#, "x:1: step.lists: expected at least 2 elements, found 1"),
        (
            #"{"type": "choice", "lists": [[], "wait"]}"#,
            "x:1: step.lists[1]: expected an array, found the string \"wait\""
        ),
    ])
    func mistakesAreFoundInPlace(step: String, expected: String) {
        #expect(
            message { try ConfigReader.decode(Recipe.self, from: .parse("{\"step\": \(step)}", file: "x")) } == expected
        )
    }

    @Test func theSchemaHasTheSharedKeyOnEveryKind() throws {
        let schema = try JSONSchema.describe(Recipe.self, title: "Recipe", id: "https://example.org/recipe.json")
        let kinds = try #require(schema.object?["$defs"]?.object?["Step"]?.object?["oneOf"]?.array)
        let properties = kinds.compactMap { $0.object?["properties"]?.object }
        #expect(properties.count == 2)
        #expect(
            properties.allSatisfy { $0["note"]?.lineText == #"{"description": "Why.", "type": ["string", "null"]}"# })
        #expect(
            properties[0]["lists"]?.lineText
                == ##"{"description": "The lists.", "type": "array", "items": {"type": "array", "items": {"$ref": "#/$defs/Step"}}, "minItems": 2}"##
        )
    }
}
